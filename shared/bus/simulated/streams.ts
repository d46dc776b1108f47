/**
 * Reading and configuring streams over a simulated connection: each call is a question that the server answers at one
 * moment; an endless reading is one question after another, which the server answers when something is there.
 */
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Stored, StreamInfo, StreamSpec, Streams } from '../port.ts';
import type { Link } from './link.ts';
import type { Requests } from './requests.ts';
import type { Account, Session } from './server.ts';
import { StreamStore } from './stream-store.ts';

const TIMEOUT_MS = 5_000;
const BATCH = 512;
/** How long the server keeps a reader waiting for something to come, before it says that nothing did. */
const PULL_MS = 10_000;
const RETRY_MS = 100;

export interface StreamsOptions {
  readonly link: Link;
  readonly requests: Requests;
  readonly mayManage: boolean;
}

interface Pulled {
  readonly info: StreamInfo;
  readonly messages: readonly Stored[];
}

export function simulatedStreams({ link, requests, mayManage }: StreamsOptions): Streams {
  const { server } = link;

  const permit = (): void => {
    if (!mayManage) throw new WaggleError('bus-forbidden', { operation: 'publish to', subject: '$JS.API' });
  };

  /** What `look` says of the account at the server. */
  async function ask<T>(what: string, look: (account: Account) => T): Promise<T> {
    permit();
    return await requests.ask(
      what,
      { timeoutMs: TIMEOUT_MS },
      ({ account }, answer: (give: () => T) => void) => {
        answer(outcomeOf(() => look(account)));
      },
    );
  }

  const find = (account: Account, name: string): StreamStore => {
    const stream = account.streams.get(name);
    if (stream === undefined) throw new WaggleError('stream-missing', { stream: name });
    stream.expire(server.now());
    return stream;
  };

  function ensureAt(account: Account, spec: StreamSpec): 'created' | 'updated' | 'unchanged' {
    const standing = account.streams.get(spec.name);
    if (standing === undefined) {
      const created = new Date(server.now()).toISOString().replace('Z', `${server.random.whole(100, 999)}Z`);
      account.streams.set(spec.name, new StreamStore(spec, created));
      return 'created';
    }
    if (keyOf(standing.spec) === keyOf(spec)) return 'unchanged';
    if (standing.spec.storage !== spec.storage) {
      const description = 'stream configuration update can not change storage type';
      throw new WaggleError('bus-refused', {
        what: `update of stream ${spec.name}`,
        description,
        code: 10_052,
      });
    }
    standing.reconfigure(spec, server.now());
    return 'updated';
  }

  /** What stands there, or the next to come, or after a while that nothing came. */
  function pull(
    { account }: Session,
    answer: (give: () => Pulled) => void,
    wanted: { readonly name: string; readonly next: number; readonly subject: string | undefined },
  ): void {
    const { name, next, subject } = wanted;
    const look = (): Pulled => {
      const stream = find(account, name);
      return { info: stream.info(), messages: stream.from(next, subject, BATCH) };
    };
    const first = outcomeOf(look);
    const isThere = account.streams.get(name)?.from(next, subject, 1).length !== 0;
    if (isThere) {
      answer(first);
      return;
    }
    const done = () => {
      account.listeners.delete(onStored);
      cancel();
      answer(outcomeOf(look));
    };
    const onStored = ({ stream, seq }: Stored) => {
      if (stream === name && seq >= next && account.streams.get(name)?.from(next, subject, 1).length !== 0)
        done();
    };
    const cancel = server.timeline.plan(PULL_MS, `pull ${name}`, done);
    account.listeners.add(onStored);
  }

  async function* read(
    name: string,
    options: { fromSeq: number; subject?: string },
    signal: AbortSignal,
  ): AsyncGenerator<Stored, void, void> {
    let next = Math.max(1, options.fromSeq);
    let created: string | undefined;
    while (!signal.aborted) {
      let pulled: Pulled;
      try {
        await link.connected(signal);
        if (signal.aborted) return;
        permit();
        const wanted = { name, next, subject: options.subject };
        const limits = { timeoutMs: PULL_MS + TIMEOUT_MS, signal };
        pulled = await requests.ask(`pull ${name}`, limits, (session, answer: (give: () => Pulled) => void) =>
          pull(session, answer, wanted),
        );
      } catch (error) {
        if (signal.aborted) return;
        const isPassing = isWaggleError(error, 'bus-timeout') || isWaggleError(error, 'bus-closed');
        if (link.isClosed || !isPassing) throw error;
        await new Promise<void>((resolve) => {
          server.timeline.plan(RETRY_MS, `read ${link.host.name}`, () => link.host.enter(resolve));
        });
        continue;
      }
      created ??= pulled.info.created;
      verify(name, { created, next }, pulled.info);
      for (const stored of pulled.messages) {
        if (signal.aborted) return;
        next = stored.seq + 1;
        yield stored;
      }
    }
  }

  return {
    ensure: (spec) => ask(`ensure ${spec.name}`, (account) => ensureAt(account, spec)),
    async info(name) {
      return await ask(`info ${name}`, ({ streams }) => {
        streams.get(name)?.expire(server.now());
        return streams.get(name)?.info();
      });
    },
    get: (stream, query) => ask(`get ${stream}`, (account) => find(account, stream).get(query)),
    page: (stream, options) => ask(`page ${stream}`, (account) => find(account, stream).page(options)),
    subjects: (stream, pattern) =>
      ask(`subjects ${stream}`, (account) => find(account, stream).subjects(pattern)),
    read,
    purge: (stream, what) => ask(`purge ${stream}`, (account) => find(account, stream).purge(what)),
    remove: (stream, seq) => ask(`remove ${stream}`, (account) => find(account, stream).remove(seq)),
    names: (prefix) =>
      ask('names', ({ streams }) => [...streams.keys()].filter((name) => name.startsWith(prefix)).sort()),
  };
}

function outcomeOf<T>(look: () => T): () => T {
  try {
    const value = look();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function verify(stream: string, read: { created: string; next: number }, info: StreamInfo): void {
  if (read.created !== info.created)
    throw new WaggleError('stream-changed', { stream, how: 'it was created anew' });
  if (info.lastSeq < read.next - 1 && read.next > 1) {
    const how = `it ends at ${info.lastSeq}, and ${read.next - 1} was read`;
    throw new WaggleError('stream-changed', { stream, how });
  }
}

/** The same for specs that mean the same. */
function keyOf({ subjects, ...rest }: StreamSpec): string {
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return JSON.stringify([[...subjects].sort(), entries.sort(([one], [other]) => (one < other ? -1 : 1))]);
}
