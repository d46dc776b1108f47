/**
 * People beside a swarm in chaos: they add its tasks, and cancel, retry, edit and write at moments that suit nobody.
 */
import type { Command, TaskSpec } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import type { Word } from './plan.ts';

type Draft = Command extends infer C ? (C extends Command ? Omit<C, 'v' | 'id'> : never) : never;

export class People {
  readonly #client: BoardClient;
  readonly #bus: Bus;
  readonly #project: string;
  readonly #workers: readonly string[];
  readonly #added: string[] = [];
  said = 0;
  letters = 0;

  constructor(options: {
    readonly client: BoardClient;
    readonly bus: Bus;
    readonly project: string;
    readonly workers: readonly string[];
  }) {
    this.#client = options.client;
    this.#bus = options.bus;
    this.#project = options.project;
    this.#workers = options.workers;
  }

  /** The tasks that were taken from them. */
  get added(): readonly string[] {
    return this.#added;
  }

  /** Repeated by its id until it is answered: tasks name those that were added before. */
  async add(tasks: readonly TaskSpec[], signal: AbortSignal): Promise<void> {
    const command: Command = { v: 1, kind: 'add', id: randomId(), tasks: [...tasks] };
    for (;;) {
      try {
        const answer = await this.#client.command(command, signal);
        if (answer.status !== 'ok') throw new Error(`tasks were refused: ${answer.message}`);
        this.#added.push(...tasks.flatMap(({ id }) => id ?? []));
        return;
      } catch (error) {
        if (!isWaggleError(error) || signal.aborted) throw error;
      }
    }
  }

  /** Whatever becomes of it: a refusal is an answer, and nobody waits for the bus for ever. */
  async meddle({ kind, lot }: Word): Promise<void> {
    const random = new SeededRandom(`to whom: ${lot}`);
    const task = random.pick(this.#added.slice(-20));
    if (task === undefined) return;
    this.said += 1;
    switch (kind) {
      case 'cancel':
        return this.#say({ kind, task, reason: 'a person said so' });
      case 'retry':
        return this.#say({ kind, task: random.pick(this.#added) ?? task });
      case 'edit': {
        const patch = random.chance(0.5)
          ? { priority: random.pick(['P0', 'P4'] as const) ?? 'P0', heavy: random.chance(0.3) }
          : { paths: [`src/${random.pick(['a', 'b', 'c']) ?? 'c'}`] };
        return this.#say({ kind, task, patch });
      }
      case 'letter':
        return this.#write(random.pick(this.#workers) ?? '');
    }
  }

  /** Profiles that rest because disks were full may work again. */
  async tidy(): Promise<void> {
    await this.#say({ kind: 'profile', profile: 'default', action: 'resume' });
  }

  async #say(draft: Draft): Promise<void> {
    await this.#client.command({ v: 1, id: randomId(), ...draft } as Command).catch(busWords);
  }

  async #write(agent: string): Promise<void> {
    const at = systemClock.now();
    const mail = { v: 1, id: randomId(), kind: 'message', at, body: 'look here' } as const;
    const to = { kind: 'agent', name: agent } as const;
    await sendMail(this.#bus, this.#project, 'operator', to, mail).then(() => {
      this.letters += 1;
    }, busWords);
  }
}

/** The bus may be away, and whoever leads may be dead. */
function busWords(error: unknown): void {
  if (!isWaggleError(error)) throw error;
}
