/**
 * The tracker's names as Waggle's: task ids in lower case, actors as names of agents. Pure.
 *
 * An actor becomes its name in lower case, with a dash for every run of other characters than letters, digits and
 * dashes. Two actors never become one agent: the second of a name gets `-2`, the next `-3`.
 */
import { NAME_PATTERN, RESERVED_AGENT, TASK_ID_PATTERN } from '../../schemas/limits.ts';

const taskPattern = new RegExp(TASK_ID_PATTERN);
const namePattern = new RegExp(NAME_PATTERN);
const NAME_LENGTH = 63;
/** Who did what the log gives no actor for. */
const NOBODY = 'unknown';

/** The task's id here; undefined when it cannot be one. */
export function taskIdOf(id: string): string | undefined {
  const wanted = id.trim().toLowerCase();
  return taskPattern.test(wanted) ? wanted : undefined;
}

/** Keeps who is who, in the order in which actors come. */
export class ActorNames {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>([RESERVED_AGENT]);

  /** The agent that stands for an actor: always the same one. */
  agentOf(actor: string | undefined): string {
    const key = actor ?? '';
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = this.#free(plain(actor ?? NOBODY));
    this.#names.set(key, name);
    this.#taken.add(name);
    return name;
  }

  /** How many actors came. */
  get size(): number {
    return this.#names.size;
  }

  /** The actors that have another name here. */
  renamed(): { readonly actor: string; readonly agent: string }[] {
    return [...this.#names]
      .filter(([actor, agent]) => actor !== agent)
      .map(([actor, agent]) => ({ actor, agent }));
  }

  #free(name: string): string {
    if (!this.#taken.has(name)) return name;
    for (let number = 2; ; number += 1) {
      const ending = `-${number}`;
      const next = `${name.slice(0, NAME_LENGTH - ending.length)}${ending}`;
      if (!this.#taken.has(next)) return next;
    }
  }
}

function plain(actor: string): string {
  const name = actor
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, NAME_LENGTH)
    .replace(/-+$/, '');
  return namePattern.test(name) ? name : NOBODY;
}
