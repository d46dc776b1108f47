/**
 * What stands around a harness while it lives: its mail, its output on the bus, the socket through which it reaches both
 * and its task. Begins with a grant in hand and ends with everything handed in. Never rejects: every failure on the way is
 * a report with its reason.
 */
import type { TaskGrant } from '../../schemas/index.ts';
import type { MoreWork, ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { messageOf } from '../../shared/errors.ts';
import { handInFailure } from './hand-in.ts';
import { OutputRelay } from './output-relay.ts';
import { profileOf, type RunOptions } from './run-context.ts';
import type { RunHands } from './run-hands.ts';
import type { RunMail } from './run-mail.ts';
import type { RunSocket } from './run-socket.ts';
import { type Ended, Shift } from './shift.ts';

export interface HarnessLife {
  readonly options: RunOptions;
  readonly hands: RunHands;
  readonly held: HeldGrant;
  readonly grant: TaskGrant;
  readonly desk: ReportDesk;
  readonly more: MoreWork;
  /** Aborts when the harness must end, with a task in hand or without. */
  readonly over: AbortSignal;
  /** The harness that lives, so that an operator can reach it; undefined: none does. */
  readonly onShift: (shift: Shift | undefined) => void;
}

/** How the last run ended that the harness had in hand at its end; undefined: it had none, or never lived. */
export async function liveThrough(life: HarnessLife): Promise<Ended | undefined> {
  const { options, hands, held, grant, desk, more, over } = life;
  const { log } = options;
  const relay = new OutputRelay({ ...options, run: grant.run, fence: grant.fence });
  const mail = hands.mail();
  const profile = grant.profile ?? options.profiles.keys().next().value ?? '';
  let shift: Shift | undefined;
  try {
    profileOf(options, profile);
    const words = options.words.forRun();
    const unread = mail.unread(held.signal);
    const run = await hands.open({ held, grant, desk, profile, words, mail: unread });
    const begun = new Shift({ options, hands, desk, more, over, mail, relay, profile, run });
    shift = begun;
    life.onShift(begun);
    return await withSocket(life, begun, mail, run.workspace.records, (socket) =>
      begun.work(socket?.path, () => options.words.told(words)),
    );
  } catch (error) {
    const run = shift?.inHand;
    // A shift that has handed everything in has nothing left to report of.
    if (shift === undefined || run !== undefined)
      await handInFailure(options, run ?? { held, grant, desk }, run, error);
    else log.error({ err: error, run: grant.run }, 'a harness ended badly after its last task');
    return undefined;
  } finally {
    life.onShift(undefined);
    options.offers.only(undefined);
    await mail.close().catch((error: unknown) => {
      log.debug({ run: grant.run, reason: messageOf(error) }, 'the last receipts could not be written');
    });
    await relay.close().catch((error: unknown) => {
      log.warn({ run: grant.run, reason: messageOf(error) }, 'the last output could not be sent');
    });
  }
}

/** Gives the harness its socket for as long as it lives. A machine that allows none keeps no task from being done. */
async function withSocket<T>(
  { hands, options: { log } }: HarnessLife,
  { tasks }: Pick<Shift, 'tasks'>,
  mail: RunMail,
  records: string,
  use: (socket: RunSocket | undefined) => Promise<T>,
): Promise<T> {
  const seat = { mail: mail.desk, tasks, notice: () => mail.notice() };
  const socket = await hands.socket(records, seat).catch((error: unknown) => {
    log.warn(
      { reason: messageOf(error) },
      'the run has no socket: its harness can neither mail nor speak of its task',
    );
    return undefined;
  });
  try {
    return await use(socket);
  } finally {
    await socket?.close().catch((error: unknown) => {
      log.warn({ path: socket.path, reason: messageOf(error) }, 'the socket of a run could not be removed');
    });
  }
}
