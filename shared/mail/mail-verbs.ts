/**
 * The mail desk as verbs of the agent's socket: one row for each, which says how its arguments are written and read,
 * and which call of the desk it is. Server (arguments → call) and client (call → arguments) stand on the same rows.
 * Pure; loaded by every command that goes over a socket, so it imports little.
 *
 * Mails are named by id or sequence, targets as `tasks` and `@alice`; answers are what the desk answers.
 */
import { WaggleError } from '../errors.ts';
import { shownValue } from '../shown-value.ts';
import type { InboxQuery, LogQuery, MailChoice, MailDesk, Since, WatchQuery } from './desk.ts';
import { mailSequence } from './message-id.ts';
import { readAgent, readTarget } from './names.ts';
import { readSince } from './since.ts';

/** Arguments as they cross the socket; keys that nobody knows are ignored. */
export type VerbArgs = Readonly<Record<string, unknown>>;

export interface Verb<Port, Input, Result> {
  write(input: Input): VerbArgs;
  /** `now`: milliseconds since the epoch. Errors: `usage`, `mail-invalid`. */
  read(args: VerbArgs, now: number): Input;
  call(port: Port, input: Input, signal: AbortSignal): Promise<Result>;
}

const verb = <Input, Result>(row: Verb<MailDesk, Input, Result>): Verb<MailDesk, Input, Result> => row;

/** More than that is asked for in parts: an answer is one line. */
const MOST_RECORDS = 100_000;

const one = <Result>(call: (desk: MailDesk, seq: number, signal: AbortSignal) => Promise<Result>) =>
  verb<number, Result>({
    write: (seq) => ({ id: seq }),
    read: (args) => sequence(args, 'id'),
    call,
  });
const none = <Result>(call: (desk: MailDesk, signal: AbortSignal) => Promise<Result>) =>
  verb<undefined, Result>({
    write: () => ({}),
    read: () => undefined,
    call: (desk, _, signal) => call(desk, signal),
  });

/** Every verb but `send` and the two that watch. */
export const mailVerbs = {
  'mail.log': verb<LogQuery, Awaited<ReturnType<MailDesk['log']>>>({
    write: ({ limit, since, ...choice }) => ({ ...writeChoice(choice), limit, ...writeSince(since) }),
    read: (args, now) => ({ ...readChoice(args), limit: count(args, 'limit', 20), ...sinceOf(args, now) }),
    async call(desk, query, signal) {
      const all = query.limit === 0 || query.limit > MOST_RECORDS;
      const found = await desk.log(all ? { ...query, limit: MOST_RECORDS + 1 } : query, signal);
      if (found.records.length <= MOST_RECORDS) return found;
      const message = `more than ${MOST_RECORDS} messages: name a limit, a target or a later --since`;
      throw new WaggleError('usage', { message });
    },
  }),
  'mail.inbox': verb<InboxQuery, Awaited<ReturnType<MailDesk['inbox']>>>({
    write: ({ limit, unreadOnly, brief }) => ({
      limit,
      ...(unreadOnly === true ? { unread_only: true } : {}),
      ...(brief === true ? { brief: true } : {}),
    }),
    read: (args) => ({
      limit: count(args, 'limit', 0),
      ...(flag(args, 'unread_only') ? { unreadOnly: true } : {}),
      ...(flag(args, 'brief') ? { brief: true } : {}),
    }),
    call: (desk, query, signal) => desk.inbox(query, signal),
  }),
  'mail.read': one((desk, seq, signal) => desk.read(seq, signal)),
  'mail.ack': one((desk, seq, signal) => desk.ack(seq, signal)),
  'mail.trace': one((desk, seq, signal) => desk.trace(seq, signal)),
  'mail.thread': one((desk, seq, signal) => desk.thread(seq, signal)),
  'mail.search': verb<{ text: string; limit: number } & MailChoice, Awaited<ReturnType<MailDesk['search']>>>({
    write: ({ text, limit, ...choice }) => ({ ...writeChoice(choice), text, limit }),
    read: (args) => ({ ...readChoice(args), text: text(args, 'text'), limit: count(args, 'limit', 20) }),
    call: (desk, query, signal) => desk.search(query, signal),
  }),
  'mail.dead_letters': none((desk, signal) => desk.deadLetters(signal)),
  'mail.redeliver': verb<{ seq: number; to?: string }, Awaited<ReturnType<MailDesk['redeliver']>>>({
    write: ({ seq, to }) => ({ id: seq, ...(to === undefined ? {} : { to }) }),
    read(args) {
      const to = optional(args, 'to');
      // The desk takes it as a target is written: without the @ it would be a topic.
      return { seq: sequence(args, 'id'), ...(to === undefined ? {} : { to: `@${readAgent(to)}` }) };
    },
    call: (desk, { seq, to }, signal) => desk.redeliver(seq, to, signal),
  }),
  who: none((desk, signal) => desk.who(signal)),
  topics: none((desk, signal) => desk.topics(signal)),
  register: verb<string | undefined, Awaited<ReturnType<MailDesk['register']>>>({
    write: (name) => (name === undefined ? {} : { name }),
    read(args) {
      const name = optional(args, 'name');
      return name === undefined ? undefined : readAgent(name);
    },
    call: (desk, name, signal) => desk.register(name, signal),
  }),
  /** Asks, or (`text`, `clear`) says. */
  status: verb<{ kind: 'ask' } | { kind: 'say'; text: string | undefined }, { text?: string }>({
    write: (input) =>
      input.kind === 'ask' ? {} : input.text === undefined ? { clear: true } : { text: input.text },
    read(args) {
      const said = optional(args, 'text');
      return said !== undefined || flag(args, 'clear') ? { kind: 'say', text: said } : { kind: 'ask' };
    },
    async call(desk, input, signal) {
      if (input.kind === 'say') await desk.setStatus(input.text, signal);
      const said = input.kind === 'say' ? input.text : await desk.status(signal);
      return said === undefined ? {} : { text: said };
    },
  }),
} as const;

export type MailVerbs = typeof mailVerbs;
export type InputOf<V> = V extends Verb<infer _P, infer Input, infer _R> ? Input : never;
export type ResultOf<V> = V extends Verb<infer _P, infer _I, infer Result> ? Result : never;

/** What `mail.watch` is asked for. */
export const watchArgs = {
  write: ({ after, ...choice }: WatchQuery): VerbArgs => ({
    ...writeChoice(choice),
    ...(after === undefined ? {} : { after }),
  }),
  read(args: VerbArgs): WatchQuery {
    const after = args['after'] === undefined ? undefined : count(args, 'after', 0);
    return { ...readChoice(args), ...(after === undefined ? {} : { after }) };
  },
};

function writeChoice({ target, everything, from }: MailChoice): VerbArgs {
  return {
    ...(target === undefined ? {} : { target: target.kind === 'agent' ? `@${target.name}` : target.name }),
    ...(everything === true ? { everything } : {}),
    ...(from === undefined ? {} : { from }),
  };
}

function readChoice(args: VerbArgs): MailChoice {
  const target = optional(args, 'target');
  const from = optional(args, 'from');
  return {
    ...(target === undefined ? {} : { target: readTarget(target) }),
    ...(flag(args, 'everything') ? { everything: true } : {}),
    ...(from === undefined ? {} : { from: readAgent(from) }),
  };
}

/** The longest time that `Date` can say. */
const LAST_MS = 8_640_000_000_000_000;

function writeSince(since: Since | undefined): VerbArgs {
  if (since === undefined) return {};
  if ('seq' in since) return { since: since.seq };
  return { since: new Date(Math.min(Math.max(Math.trunc(since.at), 0), LAST_MS)).toISOString() };
}

function sinceOf(args: VerbArgs, now: number): { readonly since?: Since } {
  const { since } = args;
  if (since === undefined) return {};
  if (typeof since === 'number') return { since: { seq: count(args, 'since', 0) } };
  return { since: readSince(text(args, 'since'), now) };
}

/** A mail by its id, or by its sequence as text or number. */
function sequence(args: VerbArgs, key: string): number {
  const value = args[key];
  const seq = mailSequence(typeof value === 'number' ? String(value) : text(args, key));
  return seq ?? refuse(key, 'the id of a message', value);
}

function text(args: VerbArgs, key: string): string {
  const value = args[key];
  return typeof value === 'string' ? value : refuse(key, 'text', value);
}

const optional = (args: VerbArgs, key: string): string | undefined =>
  args[key] === undefined || args[key] === null ? undefined : text(args, key);

function flag(args: VerbArgs, key: string): boolean {
  const value = args[key];
  if (value === undefined || value === null) return false;
  return typeof value === 'boolean' ? value : refuse(key, 'true or false', value);
}

function count(args: VerbArgs, key: string, fallback: number): number {
  const value = args[key] ?? fallback;
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  return isCount ? value : refuse(key, 'a whole number from 0', value);
}

function refuse(key: string, expected: string, value: unknown): never {
  throw new WaggleError('usage', { message: `args.${key}: expected ${expected}, got ${shownValue(value)}` });
}
