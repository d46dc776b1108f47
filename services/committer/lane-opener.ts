/**
 * Opens the lanes that a committer serves and tells the board their branches' tips: workers wait for that. Runs
 * beside the commits: lanes come with a new configuration, too.
 *
 * 1. A lane that cannot be opened now (its branch is checked out, its home is away) is tried again and holds up
 *    neither the others nor the committer.
 * 2. A tip is told only of a lane whose tip the board doesn't know, and never later by an outbox: what was read
 *    before somebody's commit and told after it would look as if the branch had been moved. Where a known tip is
 *    wrong, the next commit finds out under its fence.
 */
import type { BoardConfig, QueryAnswerOf } from '../../schemas/index.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import { sendMail } from '../../shared/bus/mailbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { LaneDesk } from './lane-desk.ts';

export interface LaneOpenerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  /** The lanes to serve; absent: all of the project. */
  readonly lanes?: readonly string[];
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

type Status = QueryAnswerOf<'status'>;
type Lane = BoardConfig['lanes'][string];

/** Between two looks at the configuration, and before another try when a lane is not open yet. */
const LOOK_MS = 5_000;
const RETRY_MS = 1_000;

/** Opens lanes until the signal aborts. Never rejects. */
export async function keepLanesOpen(
  options: LaneOpenerOptions,
  desk: LaneDesk,
  signal: AbortSignal,
): Promise<void> {
  const { swarm, project, agent, clock, log } = options;
  const client = createBoardClient({ swarm, project, agent, clock });
  const open = new Set<string>();
  const troubles = new Map<string, string>();
  const complain = (lane: string, error: unknown) => {
    const reason = messageOf(error);
    if (!signal.aborted && troubles.get(lane) !== reason)
      log.warn({ lane, reason }, 'the lane is not open yet');
    troubles.set(lane, reason);
  };
  while (!signal.aborted) {
    let isWhole = true;
    try {
      const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
      for (const [name, lane] of served(options, status)) {
        const key = JSON.stringify([name, lane.home, lane.branch]);
        if (open.has(key)) continue;
        try {
          await openLane(options, desk, status, [name, lane], signal);
          open.add(key);
          troubles.delete(name);
        } catch (error) {
          isWhole = false;
          complain(name, error);
        }
      }
      isWhole &&= open.size > 0;
    } catch (error) {
      isWhole = false;
      complain('', error);
    }
    await clock.sleep(isWhole ? LOOK_MS : RETRY_MS, signal).catch(() => undefined);
  }
}

const served = ({ lanes }: LaneOpenerOptions, { config }: Status): [string, Lane][] =>
  Object.entries(config.lanes).filter(([name]) => lanes?.includes(name) ?? true);

async function openLane(
  { swarm, project, agent, clock, randomId, log }: LaneOpenerOptions,
  desk: LaneDesk,
  status: Status,
  [name, lane]: [string, Lane],
  signal: AbortSignal,
): Promise<void> {
  const { home } = await desk.hands(lane, signal);
  const tip = await home.open({ branch: lane.branch, base: lane.base, signal });
  const known = status.lanes[name]?.tip;
  log.info({ lane: name, branch: lane.branch, tip, known }, 'lane opened');
  if (known !== undefined) return;
  const id = randomId();
  const report = { v: 1, kind: 'lane', id, lane: name, tip } as const;
  const mail = { v: 1, id, kind: 'report', at: clock.now(), report } as const;
  await sendMail(swarm, project, agent, { kind: 'agent', name: 'orchestrator' }, mail);
}
