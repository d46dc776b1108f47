/**
 * The agents that speak through a bridge: a desk, with a connection of its own, for each name. Owns them: what nobody
 * has used for a while is closed, and so is everything in the end.
 *
 * A desk is never closed while a request or a watch is on it; where all of them are in use, the next name has to wait.
 */
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { MailDesk } from '../../../shared/mail/desk.ts';
import { refusal, SocketRefusal } from '../../../shared/socket/refusal.ts';
import { nameOf, type Seats, type TakenSeat } from '../../../shared/socket/seats.ts';

/** How many agents at once. */
const MOST_AGENTS = 64;
const IDLE_MS = 60_000;

export interface BridgeSeatsOptions {
  /** A desk of that agent, which closes its own connection. */
  readonly open: (agent: string) => Promise<MailDesk>;
  readonly clock: Clock;
  readonly log: Log;
  readonly mostAgents?: number;
  readonly idleMs?: number;
}

interface Entry {
  readonly agent: string;
  readonly desk: Promise<MailDesk>;
  users: number;
  /** By the monotonic clock. */
  idleSince: number;
}

export class BridgeSeats implements Seats {
  readonly #options: BridgeSeatsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #end = new AbortController();
  readonly #closing = new Set<Promise<void>>();
  readonly #sweeping: Promise<void>;

  constructor(options: BridgeSeatsOptions) {
    this.#options = options;
    this.#sweeping = this.#sweep();
  }

  async take(asked: string | undefined): Promise<TakenSeat> {
    const agent = nameOf(asked);
    if (agent === undefined || agent === RESERVED_AGENT) {
      throw refusal('invalid_agent', 'invalid agent', 'mail-invalid');
    }
    const entry = this.#entries.get(agent) ?? this.#open(agent);
    entry.users += 1;
    const release = () => {
      entry.users -= 1;
      entry.idleSince = this.#options.clock.monotonic();
    };
    try {
      return { mail: await entry.desk, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Closes every desk. What is still asked of them fails. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#sweeping;
    for (const entry of this.#entries.values()) this.#drop(entry);
    await Promise.all(this.#closing);
  }

  #open(agent: string): Entry {
    const { open, clock, mostAgents = MOST_AGENTS } = this.#options;
    if (this.#entries.size >= mostAgents) this.#makeRoom(mostAgents);
    const entry: Entry = { agent, desk: open(agent), users: 0, idleSince: clock.monotonic() };
    this.#entries.set(agent, entry);
    // The next request of that name tries again.
    entry.desk.catch(() => {
      if (this.#entries.get(agent) === entry) this.#entries.delete(agent);
    });
    return entry;
  }

  #makeRoom(mostAgents: number): void {
    const [longestIdle] = [...this.#entries.values()]
      .filter(({ users }) => users === 0)
      .sort((a, b) => a.idleSince - b.idleSince);
    if (longestIdle === undefined) {
      const { error } = refusal(
        'backpressure',
        `${mostAgents} agents are connected; try again later`,
        'refused',
      );
      throw new SocketRefusal('backpressure', error, true);
    }
    this.#drop(longestIdle);
  }

  async #sweep(): Promise<void> {
    const { clock, idleMs = IDLE_MS } = this.#options;
    while (!this.#end.signal.aborted) {
      await clock.sleep(idleMs / 2, this.#end.signal).catch(() => undefined);
      const until = clock.monotonic() - idleMs;
      for (const entry of this.#entries.values())
        if (entry.users === 0 && entry.idleSince <= until) this.#drop(entry);
    }
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.agent);
    const closed = entry.desk
      .then((desk) => desk.close())
      .catch((error: unknown) => {
        this.#options.log.debug(
          { agent: entry.agent, reason: messageOf(error) },
          'a desk was not closed in order',
        );
      })
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
