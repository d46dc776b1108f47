/**
 * Whose requests come over a socket: the agent that a request speaks for, and what it may do. On a run's socket there
 * is one seat, the run's own; a bridge finds one for each name.
 */
import type { TaskDesk } from '../agent/task-desk.ts';
import type { MailDesk } from '../mail/desk.ts';
import { readAgent } from '../mail/names.ts';
import { refusal } from './refusal.ts';

export interface Seat {
  readonly mail: MailDesk;
  /** Absent where nobody works on a task. */
  readonly tasks?: TaskDesk;
  /** A line that every answer carries: what the agent should know now. */
  notice?(): string | undefined;
}

export interface TakenSeat extends Seat {
  /** Called once, when the request is over. */
  release(): void;
}

export interface Seats {
  /** The seat of that agent (as the request names it, if it does). Errors: `SocketRefusal`. */
  take(agent: string | undefined): Promise<TakenSeat>;
}

/** One seat for all requests: nobody can speak for another, nor register another name. */
export function oneSeat(seat: Seat): Seats {
  const { agent } = seat.mail;
  const mail: MailDesk = {
    ...seat.mail,
    async register(name = agent, signal) {
      if (name !== agent) {
        const message = `this socket is ${agent}'s: its name cannot be another, such as ${name}`;
        throw refusal('invalid_agent', message, 'mail-invalid');
      }
      return seat.mail.register(agent, signal);
    },
  };
  return {
    async take(asked) {
      const name = nameOf(asked);
      if (name !== undefined && name !== agent) {
        throw refusal(
          'invalid_agent',
          `agent mismatch: this socket is ${agent}'s, not ${name}'s`,
          'mail-invalid',
        );
      }
      return { ...seat, mail, release() {} };
    },
  };
}

/** The name of a request's agent; undefined when it has none. Errors: `SocketRefusal`. */
export function nameOf(asked: string | undefined): string | undefined {
  if (asked === undefined || asked.trim() === '') return undefined;
  try {
    return readAgent(asked);
  } catch {
    throw refusal('invalid_agent', 'invalid agent', 'mail-invalid');
  }
}
