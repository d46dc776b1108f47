/**
 * People who write letters, and those who receive and acknowledge them, soon, late or not at all. Their machine is never
 * troubled; what they send is repeated by its id until it is stored, or given up.
 */
import type { Mail } from '../../schemas/index.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { MailRoute } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { project } from './services.ts';

const TRIES = 6;
const RETRY_MS = 2_000;
/** Nobody is ever seen under that name. */
const STRANGER = 'stranger';
/** A person who is seen by what they send, and no more. */
const READER = 'reader';

export interface CorrespondentsOptions {
  readonly swarm: Bus;
  readonly clock: Clock;
}

const TALK: MailRoute = { kind: 'topic', name: 'talk' };

function targetOf(draw: number, agent: string): MailRoute {
  if (draw < 0.25) return TALK;
  if (draw < 0.4) return { kind: 'agent', name: STRANGER };
  return { kind: 'agent', name: draw < 0.55 ? READER : agent };
}

type Draft = Pick<Mail, 'kind'> & Partial<Mail>;

export class Correspondents {
  readonly #options: CorrespondentsOptions;
  #underWay = 0;

  constructor(options: CorrespondentsOptions) {
    this.#options = options;
  }

  /** Whether something may still be written. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** A letter from the operator, mostly to that agent, and what its reader answers. */
  async write(random: SeededRandom, agent: string): Promise<void> {
    this.#underWay += 1;
    try {
      await this.#correspond(random, agent);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #correspond(random: SeededRandom, agent: string): Promise<void> {
    const { clock } = this.#options;
    const to = targetOf(random.next(), agent);
    const hasDeadline = to.kind === 'topic' || random.chance(0.6);
    const within = hasDeadline ? { ack_within_ms: random.whole(8_000, 90_000) } : {};
    const seq = await this.#send(random, 'operator', to, { kind: 'message', body: 'look here', ...within });
    if (seq === undefined || to.name === STRANGER || random.chance(0.3)) return;
    const reader = to.kind === 'agent' ? to.name : READER;
    if (reader === READER && random.chance(0.5))
      await this.#send(random, READER, TALK, { kind: 'message', body: 'here I am' });
    const acknowledges = random.chance(0.8);
    const states = [
      ...(random.chance(0.5) || !acknowledges ? (['delivered'] as const) : []),
      ...(acknowledges ? (['acknowledged'] as const) : []),
      ...(acknowledges && random.chance(0.2) ? (['acknowledged'] as const) : []),
    ];
    for (const state of states) {
      await clock.sleep(random.between(0, 50_000));
      const receipt = { kind: 'receipt', receipt: { seq, state } } as const;
      await this.#send(random, reader, { kind: 'receipt', name: String(seq) }, receipt);
    }
  }

  /** Its sequence; undefined where nobody knows whether it is stored. */
  async #send(random: SeededRandom, from: string, to: MailRoute, draft: Draft): Promise<number | undefined> {
    const { swarm, clock } = this.#options;
    const mail = { v: 1, id: random.id(12), at: clock.now(), ...draft } as Mail;
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        return await sendMail(swarm, project, from, to, mail);
      } catch (error) {
        if (!isWaggleError(error)) throw error;
        await clock.sleep(RETRY_MS);
      }
    }
    return undefined;
  }
}
