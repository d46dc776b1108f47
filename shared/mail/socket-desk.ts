/**
 * The mail desk over the agent's socket: each call is one request. Loads neither the NATS client nor the validators:
 * the server checks, and what it says is taken as it is. The verbs are loaded by the first that is not a `send`.
 */

import type { MailRecord } from '../../schemas/index.ts';
import type { RandomId } from '../random.ts';
import type { MailDesk, MailDraft } from './desk.ts';
import type { InputOf, MailVerbs, ResultOf, Verb } from './mail-verbs.ts';
import { type Ask, openSocketClient, type SocketClient, type SocketPlace } from './socket-client.ts';

/** Errors: `socket-closed`, `project-mismatch`. */
export async function connectSocketDesk(
  place: SocketPlace & { readonly randomId?: RandomId },
): Promise<MailDesk> {
  return socketDesk(await openSocketClient(place));
}

/** A desk on a connection, which it closes. */
export function socketDesk(client: SocketClient): MailDesk {
  const { agent, project } = client;
  const ask = async <N extends keyof MailVerbs>(
    cmd: N,
    input: InputOf<MailVerbs[N]>,
    signal?: AbortSignal,
  ): Promise<ResultOf<MailVerbs[N]>> => {
    const { mailVerbs } = await import('./mail-verbs.ts');
    const row = mailVerbs[cmd] as unknown as Verb<MailDesk, InputOf<MailVerbs[N]>, ResultOf<MailVerbs[N]>>;
    const { result } = await client.ask({ cmd, args: row.write(input) }, signal);
    return result as ResultOf<MailVerbs[N]>;
  };
  return {
    agent,
    project,
    async send(draft, signal) {
      const { result } = await client.ask(sendRequest(draft), signal);
      return result as MailRecord;
    },
    log: (query, signal) => ask('mail.log', query, signal),
    watch: (query, signal) => client.watch(query, signal),
    who: (signal) => ask('who', undefined, signal),
    topics: (signal) => ask('topics', undefined, signal),
    register: (name, signal) => ask('register', name, signal),
    status: async (signal) => (await ask('status', { kind: 'ask' }, signal)).text,
    async setStatus(text, signal) {
      await ask('status', { kind: 'say', text }, signal);
    },
    inbox: (query, signal) => ask('mail.inbox', query, signal),
    read: (seq, signal) => ask('mail.read', seq, signal),
    ack: (seq, signal) => ask('mail.ack', seq, signal),
    trace: (seq, signal) => ask('mail.trace', seq, signal),
    thread: (seq, signal) => ask('mail.thread', seq, signal),
    search: (query, signal) => ask('mail.search', query, signal),
    deadLetters: (signal) => ask('mail.dead_letters', undefined, signal),
    redeliver: (seq, to, signal) =>
      ask('mail.redeliver', { seq, ...(to === undefined ? {} : { to }) }, signal),
    async close() {
      client.close();
    },
  };
}

/** The seed's `send`; what it doesn't know stands in `args`. */
function sendRequest({ id, to, body, replyTo, priority, tags, ackWithinMs, host }: MailDraft): Ask {
  return {
    cmd: 'send',
    to: to.kind === 'agent' ? `@${to.name}` : to.name,
    body,
    args: { id, ...(ackWithinMs === undefined ? {} : { ack_within_ms: ackWithinMs }) },
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(host === undefined ? {} : { host }),
  };
}
