/**
 * A watch over the agent's socket. It goes on where it was when the server let go of a reader that was too slow; when
 * the socket is gone, it ends with `socket-closed`.
 */
import type { SocketLine, SocketRequest } from '../../schemas/index.ts';
import type { WaggleError } from '../errors.ts';
import { errorOf } from '../socket/refusal.ts';
import type { Watched, WatchQuery } from './desk.ts';
import { type VerbArgs, watchArgs } from './mail-verbs.ts';
import { mailSequence } from './message-id.ts';

/** One connection to the server. */
export interface WatchChannel {
  say(request: SocketRequest): void;
  /** Undefined when the server has said its last. */
  line(): Promise<SocketLine | undefined>;
  gone(): WaggleError;
  close(): void;
}

/** Each mail once, in order, until the signal aborts. Errors: `socket-closed`, and what the server says no with. */
export async function* watchOver(
  open: () => Promise<WatchChannel>,
  request: (args: VerbArgs) => SocketRequest,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  let { after } = query;
  let hasMoved = true;
  while (!signal.aborted) {
    const channel = await open();
    const onAbort = () => channel.close();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      channel.say(request(watchArgs.write({ ...query, ...(after === undefined ? {} : { after }) })));
      const wasMoved = hasMoved;
      hasMoved = false;
      for (let line = await channel.line(); line !== undefined; line = await channel.line()) {
        if (signal.aborted) return;
        if ('msg' in line) {
          after = mailSequence(line.msg.id) ?? after;
          hasMoved = true;
          yield { record: line.msg, lag: line.lag ?? 0 };
        } else if ('ok' in line && line.ok) {
          after ??= (line.result as { after?: number } | undefined)?.after;
        } else if ('ok' in line) {
          if (line.error.code !== 'backpressure') throw errorOf(line);
          break;
        }
      }
      // Let go of: it begins anew behind what it gave, unless that had been tried in vain.
      if (!signal.aborted && (after === undefined || !(hasMoved || wasMoved))) throw channel.gone();
    } finally {
      signal.removeEventListener('abort', onAbort);
      channel.close();
    }
  }
}
