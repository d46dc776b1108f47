/**
 * Asking the board: commands and queries of one agent. Answers of an older term than one already heard are
 * ignored, so that nobody is misled by a leader that has lost its place; they count as no answer.
 */
import type {
  Command,
  CommandAnswer,
  Query,
  QueryAnswer,
  QueryAnswerOf,
  QueryKind,
} from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import type { Bus } from './port.ts';
import { call } from './rpc.ts';
import { subjectsOf } from './subjects.ts';

export interface BoardClient {
  /**
   * Sends a command until it is answered or `timeoutMs` is over; repeating it is safe, it has an id. A refusal is
   * an answer, not an error.
   */
  command(command: Command, signal?: AbortSignal): Promise<CommandAnswer>;
  /** Errors: `refused` with the refusal's code in `details.reason`. */
  query<K extends QueryKind>(
    query: Extract<Query, { kind: K }>,
    signal?: AbortSignal,
  ): Promise<QueryAnswerOf<K & QueryAnswer['kind']>>;
}

/** A leader that died with the request in hand answers never: the next one is asked soon. */
const ATTEMPT_MS = 2_000;
const RETRY_MS = 200;

export function createBoardClient(options: {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  /** How long to keep trying while nobody answers. Default: 15 s. */
  readonly timeoutMs?: number;
}): BoardClient {
  const { swarm, project, agent, clock, timeoutMs = 15_000 } = options;
  const subjects = subjectsOf(project);
  let newestTerm = 0;

  const persist = async <A extends { term: number }>(
    subject: string,
    ask: () => Promise<A>,
    signal?: AbortSignal,
  ): Promise<A> => {
    const deadline = clock.monotonic() + timeoutMs;
    for (;;) {
      try {
        const answer = await ask();
        if (answer.term >= newestTerm) {
          newestTerm = answer.term;
          return answer;
        }
        const { term } = answer;
        if (clock.monotonic() >= deadline)
          throw new WaggleError('bus-timeout', { what: subject, timeoutMs, term, newestTerm });
      } catch (error) {
        const isOver = clock.monotonic() >= deadline || signal?.aborted === true;
        if (isOver || !isWaggleError(error) || !isTransient(error)) throw error;
      }
      await clock.sleep(RETRY_MS, signal);
    }
  };

  return {
    command(command, signal) {
      const subject = subjects.request('command', agent);
      const ask = () => call(swarm, subject, ['Command', command], 'CommandAnswer', within(signal));
      return persist(subject, ask, signal);
    },
    async query<K extends QueryKind>(query: Extract<Query, { kind: K }>, signal?: AbortSignal) {
      const subject = subjects.request('query', agent);
      const ask = () => call(swarm, subject, ['Query', query], 'QueryAnswer', within(signal));
      const answer = await persist(subject, ask, signal);
      if (answer.kind === 'refused') {
        throw new WaggleError('refused', {
          message: answer.message,
          reason: answer.code,
          ...(answer.candidates === undefined ? {} : { candidates: answer.candidates }),
        });
      }
      return answer as QueryAnswerOf<K & QueryAnswer['kind']>;
    },
  };
}

const within = (signal: AbortSignal | undefined) => ({
  timeoutMs: ATTEMPT_MS,
  ...(signal === undefined ? {} : { signal }),
});

/** Whether the same request may succeed later without anything else changing; not on a bus closed for good. */
export const isTransient = (error: WaggleError): boolean =>
  error.retryable || (error.code === 'bus-closed' && error.details['reason'] !== 'closed');
