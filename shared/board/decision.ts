/**
 * What a decision is: the events that follow from an input, and the answer to give once they are stored.
 * `refused` carries no events (a refused command changes nothing).
 */
import type { Event, Problem, Report, ReportAnswer, TaskResult } from '../../schemas/index.ts';

/** The answer to a command, before the leader adds its term and journal sequence. */
export type Answer =
  | { readonly status: 'ok'; readonly tasks?: readonly TaskResult[]; readonly warnings?: readonly string[] }
  | {
      readonly status: 'refused';
      readonly code: string;
      readonly message: string;
      readonly problems?: readonly Problem[];
    };

export interface Decision<A> {
  readonly events: readonly Event[];
  readonly answer: A;
}

/** Longest message of a refusal, in characters: lists of tasks may be long. */
const MESSAGE_LIMIT = 4_000;

export const refused = (code: string, message: string, problems?: readonly Problem[]): Decision<Answer> => ({
  events: [],
  answer: {
    status: 'refused',
    code,
    message: clip(message, MESSAGE_LIMIT),
    ...(problems === undefined ? {} : { problems }),
  },
});

/** A report that counts, with what follows from it. */
export const accepted = (report: Report, events: readonly Event[]): Decision<ReportAnswer> => ({
  events,
  answer: { id: report.id, status: 'accepted' },
});

/** A report that does not count. */
export const declined = (report: Report, code: string, message: string): Decision<ReportAnswer> => ({
  events: [],
  answer: { id: report.id, status: 'refused', code, message },
});

/**
 * Cuts a text to `limit` characters, saying so. Never between the halves of one character: such a text would
 * not survive being encoded, and the leader's board would differ from everybody else's.
 */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
