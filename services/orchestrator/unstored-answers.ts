/**
 * Answers of a term that changed nothing, and so stand in no journal: a second copy of such a command, on its way while
 * others changed the board, gets the first answer and changes nothing either. Whoever was told that a task is closed
 * already must not find it closed again after it was reopened.
 *
 * A term is enough: what a former leader answered, and nobody heard, may be decided anew.
 */
import type { Command } from '../../schemas/index.ts';
import type { Answer } from '../../shared/board/decision.ts';
import { ANSWERS_KEPT } from '../../shared/board/state.ts';

export class UnstoredAnswers {
  /** By asker, kind and id; oldest first. */
  readonly #answers = new Map<string, Answer>();

  get(from: string, command: Command): Answer | undefined {
    return this.#answers.get(keyOf(from, command));
  }

  /** A dry run is no promise, and a refusal is none. */
  note(from: string, command: Command, answer: Answer): void {
    if (answer.status !== 'ok' || (command.kind === 'add' && command.dry_run === true)) return;
    this.#answers.set(keyOf(from, command), answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_KEPT) break;
      this.#answers.delete(oldest);
    }
  }
}

const keyOf = (from: string, { kind, id }: Command): string => `${from} ${kind} ${id}`;
