/**
 * The simulated server: two accounts with their streams, and the sessions of those who are connected. Routes what is
 * published, stores what a stream takes, answers for streams. It dies and comes back: what streams on file hold stays,
 * those in memory and all sessions are gone.
 *
 * 1. What one session sends arrives in the order of sending; what the server sends one session, too, but for faults.
 * 2. A message is handled whole at one moment of the timeline: stored, then delivered, then acknowledged.
 */
import type { Headers, Payload, Stored } from '../port.ts';
import { type Faults, noFaults } from './faults.ts';
import { EPOCH_MS } from './host-clock.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { StreamStore } from './stream-store.ts';
import { type SubjectPattern, subjectPattern } from './subject-pattern.ts';
import type { Timeline } from './timeline.ts';

export type AccountName = 'core' | 'swarm';

export interface Message {
  readonly subject: string;
  readonly payload: Payload;
  readonly headers: Headers;
  readonly replyTo?: string | undefined;
  /** Nobody serves the subject: the server's own word to whoever asked. */
  readonly isNoResponder?: boolean;
}

interface Interest {
  readonly session: Session;
  readonly id: number;
  readonly pattern: SubjectPattern;
  readonly queue: string | undefined;
}

interface Route {
  readonly everyone: readonly Interest[];
  readonly queues: readonly (readonly Interest[])[];
}

/** One connection as the server sees it, until it is lost. */
export interface Session {
  readonly account: Account;
  isAlive: boolean;
  /** Brings something to the client, in order. */
  send(label: string, run: () => void, lateMs?: number): void;
  /** Brings a message to a subscription of the client. */
  deliver(id: number, message: Message, lateMs: number): void;
  /** The server has gone. */
  lose(): void;
}

export interface Account {
  readonly name: AccountName;
  readonly streams: Map<string, StreamStore>;
  readonly interests: Map<Session, Map<number, Interest>>;
  /** By subject, for as long as interests stay as they are. */
  readonly routes: Map<string, Route>;
  /** Called with what was stored; dropped with the server. */
  readonly listeners: Set<(stored: Stored) => void>;
}

/** Hears what happens at the server, at the moment it happens there. */
export interface ServerObserver {
  taken?(account: AccountName, message: Message): void;
  stored?(stored: Stored): void;
}

export interface SimulatedServerOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly faults?: Faults;
  readonly epochMs?: number;
}

const NO_HEADERS: Headers = Object.freeze({});

export class SimulatedServer {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  faults: Faults;
  observer: ServerObserver = {};
  readonly #epochMs: number;
  readonly #accounts: Record<AccountName, Account> = {
    core: newAccount('core'),
    swarm: newAccount('swarm'),
  };
  #isUp = true;
  #skewMs = 0;

  constructor({ timeline, random, faults = noFaults, epochMs = EPOCH_MS }: SimulatedServerOptions) {
    this.timeline = timeline;
    this.random = random;
    this.faults = faults;
    this.#epochMs = epochMs;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Its wall clock. */
  now(): number {
    return Math.round(this.#epochMs + this.timeline.now + this.#skewMs);
  }

  /** Somebody sets its wall clock. */
  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  account(name: AccountName): Account {
    return this.#accounts[name];
  }

  /** Whoever is connected loses the connection; streams in memory are lost. */
  kill(): void {
    this.#isUp = false;
    for (const account of Object.values(this.#accounts)) {
      const sessions = [...account.interests.keys()];
      account.interests.clear();
      account.routes.clear();
      account.listeners.clear();
      for (const [name, { spec }] of account.streams) {
        if (spec.storage === 'memory') account.streams.delete(name);
      }
      for (const session of sessions) {
        session.isAlive = false;
        session.lose();
      }
    }
  }

  restart(): void {
    this.#isUp = true;
  }

  join(session: Session): void {
    session.account.interests.set(session, new Map());
  }

  /** The session is over: nothing is delivered to it any more. */
  drop(session: Session): void {
    session.isAlive = false;
    session.account.interests.delete(session);
    session.account.routes.clear();
  }

  subscribe(session: Session, id: number, subject: string, queue: string | undefined): void {
    const pattern = subjectPattern(subject);
    session.account.interests.get(session)?.set(id, { session, id, pattern, queue });
    session.account.routes.clear();
  }

  unsubscribe(session: Session, id: number): void {
    session.account.interests.get(session)?.delete(id);
    session.account.routes.clear();
  }

  /** Takes a message: stores and delivers it, and answers where nobody else does. */
  take(account: Account, message: Message): void {
    const { subject, replyTo } = message;
    this.observer.taken?.(account.name, message);
    const stream = streamFor(account, subject);
    const fate = stream === undefined || replyTo === undefined ? 'stored' : this.faults.append(subject);
    if (fate === 'lost') return;
    const answer = stream === undefined ? undefined : this.#store(account, stream, message);
    const isHeard = this.#deliver(account, message);
    if (replyTo === undefined || fate === 'stored-unacked') return;
    if (answer !== undefined) {
      if (stream?.spec.noAck === true) return;
      const payload = Buffer.from(JSON.stringify(answer));
      this.#deliver(account, { subject: replyTo, payload, headers: NO_HEADERS });
    } else if (!isHeard && !subject.startsWith('_INBOX.')) {
      const nobody = { subject: replyTo, payload: new Uint8Array(), headers: NO_HEADERS };
      this.#deliver(account, { ...nobody, isNoResponder: true });
    }
  }

  #store(account: Account, stream: StreamStore, message: Message): object {
    const { name } = stream.spec;
    const done = stream.store(message, this.now(), expectationsOf(message.headers));
    if (done.kind === 'duplicate') return { stream: name, seq: done.seq, duplicate: true };
    if (done.kind === 'wrong-last-sequence') {
      const description = `wrong last sequence: ${done.last}`;
      return { error: { code: 400, err_code: 10_071, description } };
    }
    const { stored, lastOfSubject } = done;
    this.observer.stored?.(stored);
    this.#republish(account, stream, stored, lastOfSubject);
    if (account.listeners.size > 0) for (const listener of [...account.listeners]) listener(stored);
    return { stream: name, seq: stored.seq };
  }

  #republish(account: Account, { spec }: StreamStore, stored: Stored, lastOfSubject: number): void {
    if (spec.republish === undefined) return;
    const from = patternOf(spec.republish.from);
    if (!from.matches(stored.subject)) return;
    const headers = {
      ...stored.headers,
      'Nats-Stream': spec.name,
      'Nats-Subject': stored.subject,
      'Nats-Sequence': String(stored.seq),
      'Nats-Last-Sequence': String(lastOfSubject),
    };
    const subject = from.translate(stored.subject, spec.republish.to);
    this.#deliver(account, { subject, payload: stored.payload, headers });
  }

  /** False when nobody listens. */
  #deliver(account: Account, message: Message): boolean {
    const { everyone, queues } = routeOf(account, message.subject);
    for (const interest of everyone) this.#bring(interest, message);
    for (const members of queues) {
      const one = this.random.pick(members);
      if (one !== undefined) this.#bring(one, message);
    }
    return everyone.length + queues.length > 0;
  }

  #bring({ session, id }: Interest, message: Message): void {
    for (const lateMs of this.faults.deliver(message.subject)) session.deliver(id, message, lateMs);
  }
}

function streamFor({ streams }: Account, subject: string): StreamStore | undefined {
  for (const stream of streams.values()) if (stream.takes(subject)) return stream;
  return undefined;
}

/** Who gets what is published under a subject. Inboxes are not remembered: each is used once. */
function routeOf({ interests, routes }: Account, subject: string): Route {
  const known = routes.get(subject);
  if (known !== undefined) return known;
  const everyone: Interest[] = [];
  const queues = new Map<string, Interest[]>();
  for (const ofSession of interests.values()) {
    for (const interest of ofSession.values()) {
      if (!interest.pattern.matches(subject)) continue;
      if (interest.queue === undefined) everyone.push(interest);
      else queues.set(interest.queue, [...(queues.get(interest.queue) ?? []), interest]);
    }
  }
  const route = { everyone, queues: [...queues.values()] };
  if (!subject.startsWith('_INBOX.')) routes.set(subject, route);
  return route;
}

const patterns = new Map<string, SubjectPattern>();

/** Of the few that streams are configured with. */
function patternOf(text: string): SubjectPattern {
  const pattern = patterns.get(text) ?? subjectPattern(text);
  patterns.set(text, pattern);
  return pattern;
}

function newAccount(name: AccountName): Account {
  return { name, streams: new Map(), interests: new Map(), routes: new Map(), listeners: new Set() };
}

function expectationsOf(headers: Headers) {
  const number = (name: string) => (headers[name] === undefined ? undefined : Number(headers[name]));
  return {
    messageId: headers['Nats-Msg-Id'],
    expectLastSeq: number('Nats-Expected-Last-Sequence'),
    expectLastSubjectSeq: number('Nats-Expected-Last-Subject-Sequence'),
  };
}
