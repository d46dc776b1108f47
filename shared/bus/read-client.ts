/**
 * The asking side of the read service: stored mail, file chunks, harness output, last beats.
 */
import type { Read, ReadAnswer, ReadAnswerOf } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { Bus } from './port.ts';
import { call } from './rpc.ts';
import { type MailTarget, subjectsOf } from './subjects.ts';

export interface MailQuery {
  readonly target?: MailTarget;
  readonly from?: string;
  readonly after?: number;
  readonly last?: number;
  readonly limit?: number;
}

export interface Reader {
  mail(query: MailQuery, signal?: AbortSignal): Promise<ReadAnswerOf<'mail'>>;
  /** Undefined when the chunk is not stored. */
  chunk(owner: string, sha256: string, n: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  output(
    query: { agent: string; run?: string; after: number; limit?: number },
    signal?: AbortSignal,
  ): Promise<ReadAnswerOf<'output'>>;
  beats(signal?: AbortSignal): Promise<ReadAnswerOf<'beats'>>;
}

const TIMEOUT_MS = 5_000;

/** A reader that asks as `agent`. Errors: the port's (retryable), `refused`. */
export function createReader(swarm: Bus, project: string, agent: string): Reader {
  const subject = subjectsOf(project).request('read', agent);
  const ask = async <K extends ReadAnswer['kind']>(
    read: Read,
    kind: K,
    signal?: AbortSignal,
  ): Promise<ReadAnswerOf<K>> => {
    const options = signal === undefined ? { timeoutMs: TIMEOUT_MS } : { timeoutMs: TIMEOUT_MS, signal };
    const answer = await call(swarm, subject, ['Read', read], 'ReadAnswer', options);
    if (answer.kind === kind) return answer as ReadAnswerOf<K>;
    const message =
      'message' in answer ? answer.message : `expected an answer of kind ${kind}, got ${answer.kind}`;
    throw new WaggleError('refused', { message, kind: answer.kind });
  };
  return {
    mail: (query, signal) => ask({ v: 1, kind: 'mail', ...defined(query) }, 'mail', signal),
    output: (query, signal) => ask({ v: 1, kind: 'output', ...query }, 'output', signal),
    beats: (signal) => ask({ v: 1, kind: 'beats' }, 'beats', signal),
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
  const { target, from, after, last, limit } = query;
  return {
    ...(target === undefined ? {} : { target: { kind: target.kind, name: target.name } }),
    ...(from === undefined ? {} : { from }),
    ...(after === undefined ? {} : { after }),
    ...(last === undefined ? {} : { last }),
    ...(limit === undefined ? {} : { limit }),
  };
}
