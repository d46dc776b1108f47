/**
 * Which turn comes next: one script for whoever asks, one for each conversation, or the same answer always.
 */
import { type Asked, type ErrorTurn, type Line, type Turn, textsOf } from './script.ts';

export interface Playbook {
  /** Undefined: nothing is left for it. One without tools takes no turn of a script. */
  next(asked: Asked): Turn | undefined;
  /** Turns that nobody has asked for yet. */
  left(): number;
}

const ASIDE: Turn = { kind: 'text', text: 'aside' };

/** Its lines one after the other, whoever asks. */
export function oneScript(script: readonly Line[]): Playbook {
  const lines = [...script];
  return {
    next(asked) {
      if (asked.isAside) return ASIDE;
      const line = lines.shift();
      return typeof line === 'function' ? line(asked) : line;
    },
    left: () => lines.length,
  };
}

/** A script for each conversation, by words that stand in it and in no other. */
export function scriptsByWords(scripts: ReadonlyMap<string, readonly Line[]>): Playbook {
  const books = new Map([...scripts].map(([words, script]) => [words, oneScript(script)]));
  return {
    next(asked) {
      if (asked.isAside) return ASIDE;
      const texts = textsOf(asked);
      for (const [words, book] of books)
        if (texts.some((text) => text.includes(words))) return book.next(asked);
      return undefined;
    },
    left: () => [...books.values()].reduce((sum, book) => sum + book.left(), 0),
  };
}

export interface Refusing extends Playbook {
  /** From now on its other playbook answers. */
  relent(): void;
}

/** The same refusal for every request, until it relents. */
export function refusing(error: ErrorTurn, then: Playbook = oneScript([])): Refusing {
  let isRefusing = true;
  return {
    next: (asked) => (isRefusing ? error : then.next(asked)),
    left: () => then.left(),
    relent() {
      isRefusing = false;
    },
  };
}
