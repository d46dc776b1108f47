/**
 * Telling running agents something: one control message to each, and what became of it. Whoever does not run
 * takes none, because nobody keeps them: a control message is an order for now.
 */
import type { Control, ControlAnswer } from '../../schemas/index.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { isWaggleError } from '../../shared/errors.ts';

/** What became of it at one agent. */
export interface Told {
  readonly agent: string;
  /** `absent`: nobody by that name takes orders. */
  readonly status: ControlAnswer['status'] | 'absent';
  readonly applied?: NonNullable<ControlAnswer['applied']>;
  readonly message?: string;
}

const TIMEOUT_MS = 5_000;
/** A harness that is interrupted may take its time to end. */
const STEER_TIMEOUT_MS = 30_000;

/** Errors: the port's, but those that say that this agent did not answer. */
export async function sendControl(
  swarm: Bus,
  project: string,
  agent: string,
  control: Control,
  signal: AbortSignal,
): Promise<Told> {
  const subject = subjectsOf(project).request('control', agent);
  const timeoutMs = control.kind === 'steer' ? STEER_TIMEOUT_MS : TIMEOUT_MS;
  const options = { timeoutMs, signal };
  try {
    const { status, applied, message } = await call(
      swarm,
      subject,
      ['Control', control],
      'ControlAnswer',
      options,
    );
    return {
      agent,
      status,
      ...(applied === undefined ? {} : { applied }),
      ...(message === undefined ? {} : { message }),
    };
  } catch (error) {
    if (isWaggleError(error, 'no-responder')) return { agent, status: 'absent' };
    if (isWaggleError(error, 'bus-timeout')) {
      return { agent, status: 'refused', message: `no answer within ${timeoutMs} ms` };
    }
    throw error;
  }
}
