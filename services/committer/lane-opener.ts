/**
 * Opens the lanes that a committer serves and tells the board their branches' tips: workers wait for that. Runs
 * beside the commits: lanes come with a new configuration, and go into trouble and come back, at any time.
 *
 * 1. A lane that cannot be opened now (its branch is checked out, its home is away or hangs) is tried again, with a
 *    growing wait, and holds up neither the others nor the committer.
 * 2. A tip is told only of a lane whose tip the board doesn't know, never later by an outbox, and only when the board
 *    still knew none after the tip was read: what was read before somebody's commit and told after it would look as
 *    if the branch had been moved. Where a known tip is wrong, the next commit finds out under its fence.
 */
import { setMaxListeners } from 'node:events';
import type { BoardConfig } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { LaneBook } from './lane-book.ts';
import type { LaneDesk } from './lane-desk.ts';

export interface LaneOpenerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  /** The lanes to serve; absent: all of the project. */
  readonly lanes?: readonly string[];
  readonly desk: Pick<LaneDesk, 'hands' | 'forget'>;
  readonly book: LaneBook;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

type Lane = BoardConfig['lanes'][string];

/** Between two looks at the configuration, and before another try when nobody answers. */
const LOOK_MS = 5_000;
const RETRY_MS = 1_000;

/** Opens lanes until the signal aborts. Never rejects. */
export async function keepLanesOpen(options: LaneOpenerOptions, signal: AbortSignal): Promise<void> {
  const { swarm, project, agent, clock, log, book } = options;
  const client = createBoardClient({ swarm, project, agent, clock });
  const opening = new Set<Promise<void>>();
  const unknown = new Set<string>();
  // Every lane that is being opened listens: many lanes are no leak to warn of.
  setMaxListeners(0, signal);
  while (!signal.aborted) {
    let waitMs = RETRY_MS;
    try {
      const { config } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
      const lanes = served(options, config);
      for (const name of options.lanes ?? []) {
        if (!lanes.has(name) && !unknown.has(name)) log.warn({ lane: name }, 'this lane is not configured');
        unknown.add(name);
      }
      book.configure(lanes);
      for (const name of book.takeDue()) {
        const lane = lanes.get(name);
        if (lane === undefined) continue;
        const one = openLane(options, client, [name, lane], signal).finally(() => opening.delete(one));
        opening.add(one);
      }
      waitMs = Math.min(LOOK_MS, book.nextDueMs());
    } catch (error) {
      if (!signal.aborted) log.debug({ reason: messageOf(error) }, 'nobody says which lanes there are');
    }
    const changed = new AbortController();
    const offChange = book.onChange(() => changed.abort());
    await clock.sleep(waitMs, AbortSignal.any([signal, changed.signal])).catch(() => undefined);
    offChange();
  }
  await Promise.all(opening);
}

const served = ({ lanes }: LaneOpenerOptions, config: BoardConfig): Map<string, Lane> =>
  new Map(Object.entries(config.lanes).filter(([name]) => lanes?.includes(name) ?? true));

/** Never rejects. */
async function openLane(
  options: LaneOpenerOptions,
  client: BoardClient,
  [name, lane]: [string, Lane],
  signal: AbortSignal,
): Promise<void> {
  const { desk, book, log } = options;
  try {
    const { home } = await desk.hands(lane, signal);
    const tip = await home.open({ branch: lane.branch, base: lane.base, signal });
    const known = await knownTip(client, name, signal);
    log.info({ lane: name, branch: lane.branch, tip, known }, 'lane opened');
    if (known === undefined) await tellTip(options, name, tip, await home.fence(name, signal));
    book.opened(name, lane);
  } catch (error) {
    if (signal.aborted) return;
    desk.forget(lane);
    const reason = messageOf(error);
    const trouble = book.trouble(name, lane, reason);
    if (trouble?.isNews === true) log.warn({ lane: name, reason }, 'the lane is not open yet');
  }
}

async function knownTip(client: BoardClient, lane: string, signal: AbortSignal): Promise<string | undefined> {
  const { lanes } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
  return lanes[lane]?.tip;
}

async function tellTip(
  { swarm, project, agent, randomId, clock }: LaneOpenerOptions,
  lane: string,
  tip: string,
  fence: number,
): Promise<void> {
  const id = randomId();
  const report = { v: 1, kind: 'lane', id, lane, tip, fence_ref: fence } as const;
  const mail = { v: 1, id, kind: 'report', at: clock.now(), report } as const;
  await sendMail(swarm, project, agent, { kind: 'agent', name: 'orchestrator' }, mail);
}
