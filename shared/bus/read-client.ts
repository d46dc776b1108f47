/**
 * The asking side of the read service: stored mail, file chunks, harness output, last beats.
 */
import type { Read, ReadAnswer, ReadAnswerOf } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { Bus } from './port.ts';
import { call } from './rpc.ts';
import { type MailRoute, subjectsOf } from './subjects.ts';

/** Which mails; without target and family those to topics and agents, no receipts. */
export interface MailQuery {
  readonly target?: MailRoute;
  /** Of this kind of target only, whatever its name; not beside `target`. */
  readonly family?: MailRoute['kind'];
  readonly from?: string;
  /** What comes after this sequence. */
  readonly after?: number;
  /** Instead: the newest so many, of those below `before` where that is given. */
  readonly last?: number;
  readonly before?: number;
  readonly limit?: number;
}

export interface Reader {
  /**
   * Oldest first, at most what fits an answer. `last` is the stream's last sequence. Nothing between `after` and
   * `scanned_to` was left out; with the query's `last`, nothing between `scanned_to` and `before` was, so that one goes
   * on with `before: scanned_to + 1`, until it is 0.
   */
  mail(query: MailQuery, signal?: AbortSignal): Promise<ReadAnswerOf<'mail'>>;
  /** Undefined when the chunk is not stored. */
  chunk(owner: string, sha256: string, n: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  output(
    query: { agent: string; run?: string; after: number; limit?: number },
    signal?: AbortSignal,
  ): Promise<ReadAnswerOf<'output'>>;
  beats(signal?: AbortSignal): Promise<ReadAnswerOf<'beats'>>;
  /** By name; `messages` and `last_at` are of all that stands there. */
  topics(signal?: AbortSignal): Promise<ReadAnswerOf<'topics'>['topics']>;
  /** Whoever MAIL, BEAT or presence know of, but the orchestrator; by name. */
  sightings(signal?: AbortSignal): Promise<ReadAnswerOf<'sightings'>['sightings']>;
}

const TIMEOUT_MS = 5_000;
/**
 * Every orchestrator serves reads in turn, and one that hangs answers none of its share. Chunks of files, for which commits
 * wait, are asked for again; pages of mail are not: who is flooded would be flooded with their copies, too.
 */
const AGAIN_AFTER_MS = 1_000;

/**
 * A reader that asks as `agent`. Errors: the port's (retryable), `refused` with the refusal's code in `details.reason`:
 * `read-failed` says that whoever answered could not read just then.
 */
export function createReader(swarm: Bus, project: string, agent: string): Reader {
  const subject = subjectsOf(project).request('read', agent);
  const ask = async <K extends ReadAnswer['kind']>(
    read: Read,
    kind: K,
    signal?: AbortSignal,
  ): Promise<ReadAnswerOf<K>> => {
    const again = read.kind === 'chunk' ? { againAfterMs: AGAIN_AFTER_MS } : {};
    const bounds = { timeoutMs: TIMEOUT_MS, ...again };
    const options = signal === undefined ? bounds : { ...bounds, signal };
    const answer = await call(swarm, subject, ['Read', read], 'ReadAnswer', options);
    if (answer.kind === kind) return answer as ReadAnswerOf<K>;
    const message =
      'message' in answer ? answer.message : `expected an answer of kind ${kind}, got ${answer.kind}`;
    const reason = answer.kind === 'refused' ? { reason: answer.code } : {};
    throw new WaggleError('refused', { message, kind: answer.kind, ...reason });
  };
  return {
    mail: (query, signal) => ask({ v: 1, kind: 'mail', ...defined(query) }, 'mail', signal),
    output: (query, signal) => ask({ v: 1, kind: 'output', ...query }, 'output', signal),
    beats: (signal) => ask({ v: 1, kind: 'beats' }, 'beats', signal),
    topics: async (signal) => (await ask({ v: 1, kind: 'topics' }, 'topics', signal)).topics,
    sightings: async (signal) => (await ask({ v: 1, kind: 'sightings' }, 'sightings', signal)).sightings,
    async chunk(owner, sha256, n, signal) {
      try {
        return (await ask({ v: 1, kind: 'chunk', owner, sha256, n }, 'chunk', signal)).data;
      } catch (error) {
        if (error instanceof WaggleError && error.details['kind'] === 'absent') return undefined;
        throw error;
      }
    },
  };
}

function defined(query: MailQuery): Omit<Extract<Read, { kind: 'mail' }>, 'v' | 'kind'> {
  const { target, family, from, after, last, before, limit } = query;
  return {
    ...(target === undefined ? {} : { target: { kind: target.kind, name: target.name } }),
    ...(family === undefined || target !== undefined ? {} : { family }),
    ...(from === undefined ? {} : { from }),
    ...(after === undefined ? {} : { after }),
    ...(last === undefined ? {} : { last }),
    ...(before === undefined ? {} : { before }),
    ...(limit === undefined ? {} : { limit }),
  };
}
