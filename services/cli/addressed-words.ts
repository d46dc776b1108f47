/**
 * Whom a control command is for and what it says, from the words of its command line. Pure.
 */
import { NAME_PATTERN } from '../../schemas/limits.ts';
import { WaggleError } from '../../shared/errors.ts';

export interface Addressed {
  /** Each once, in the order of the words; none for all. */
  readonly agents: readonly string[];
  /** Absent: it comes from elsewhere. */
  readonly text?: string;
}

/**
 * Takes agents and text apart: the last word is the text, unless that comes from elsewhere (`hasText`) or would be the
 * only agent's name. Errors: `usage`.
 */
export function addressedWords(
  words: readonly string[],
  { isAll, hasText }: { readonly isAll: boolean; readonly hasText: boolean },
): Addressed {
  const isLastText = !hasText && words.length > (isAll ? 0 : 1);
  const agents = addressedAgents(isLastText ? words.slice(0, -1) : words, isAll);
  const text = isLastText ? words.at(-1) : undefined;
  return text === undefined ? { agents } : { agents, text };
}

const name = new RegExp(NAME_PATTERN);

/** The agents of words that are nothing else. Errors: `usage` for nobody, for some and all, for what is no name. */
export function addressedAgents(words: readonly string[], isAll: boolean): string[] {
  if (isAll && words.length > 0) throw usage(`expected names or --all, got both (${words.join(', ')})`);
  if (!isAll && words.length === 0)
    throw usage('expected the names of agents, or --all for every worker (`waggle ps` lists them)');
  const agents = words.map((word) => word.trim().toLowerCase());
  const odd = agents.find((agent) => !name.test(agent));
  if (odd !== undefined)
    throw usage(
      `expected the name of an agent, of lower-case letters, digits and dashes, got ${JSON.stringify(odd)}`,
    );
  return [...new Set(agents)];
}

const usage = (message: string): WaggleError => new WaggleError('usage', { message });
