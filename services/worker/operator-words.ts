/**
 * What an operator wants the next run to be told: messages, and a prompt that takes the place of the task's own words. On
 * disk from the moment they are answered for until a run's harness has begun with them, so that neither a kill nor a
 * harness that does not start loses one.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { writePrivateFile } from '../../shared/config/whole-file.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

export interface OperatorWord {
  readonly id: string;
  /** `interrupt`: the run that it was meant for was over. */
  readonly kind: 'message' | 'prompt' | 'interrupt';
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface Waiting {
  readonly file: string;
  readonly word: OperatorWord;
  /** Resolves when it is on the disk: whoever brings a second copy meanwhile is told no sooner. */
  readonly written: Promise<void>;
}

/** So many ids are remembered, in order to know a second copy of a word that was told already. */
const TOLD_KEPT = 1_000;
/** More would fit into no prompt. */
const WAITING_MOST = 100;

/** What keeps words until they are told. A port: simulations keep them elsewhere. */
export type WordStore = Pick<OperatorWords, keyof OperatorWords>;

export class OperatorWords {
  readonly #folder: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Pick<Log, 'error'>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #told = new Set<string>();
  #next = 1;

  private constructor(folder: string, clock: Pick<Clock, 'now'>, log: Pick<Log, 'error'>) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes up what waits in the folder, which is made when missing. What cannot be read is left there, with a word. */
  static async open(
    folder: string,
    clock: Pick<Clock, 'now'>,
    log: Pick<Log, 'error'>,
  ): Promise<OperatorWords> {
    const words = new OperatorWords(folder, clock, log);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()) {
      const file = join(folder, name);
      words.#next = Math.max(words.#next, Number.parseInt(name, 10) + 1 || 1);
      try {
        const word: unknown = JSON.parse(await readFile(file, 'utf8'));
        if (!isWord(word)) throw new Error('it is no operator word');
        words.#waiting.set(word.id, { file, word, written: Promise.resolve() });
      } catch (error) {
        log.error({ file, fault: messageOf(error) }, "an operator's word cannot be read");
      }
    }
    return words;
  }

  /** Resolves when the word is on the disk; a second copy changes nothing. Rejects when too many wait. */
  async put(id: string, kind: OperatorWord['kind'], text: string): Promise<void> {
    const known = this.#waiting.get(id);
    if (known !== undefined) return known.written;
    if (this.#told.has(id)) return;
    if (this.#waiting.size >= WAITING_MOST) {
      throw new Error(`${WAITING_MOST} words wait for the next run already: let it begin first`);
    }
    const word: OperatorWord = { id, kind, text, at: this.#clock.now() };
    const file = join(this.#folder, `${String(this.#next).padStart(8, '0')}.json`);
    this.#next += 1;
    const written = writePrivateFile(file, JSON.stringify(word));
    this.#waiting.set(id, { file, word, written });
    try {
      await written;
    } catch (error) {
      this.#waiting.delete(id);
      throw error;
    }
  }

  /** What the next run is to be told, oldest first: all messages, and at most one prompt. */
  forRun(): readonly OperatorWord[] {
    const waiting = [...this.#waiting.values()].map(({ word }) => word);
    const prompt = waiting.find(({ kind }) => kind === 'prompt');
    return waiting.filter((word) => word.kind !== 'prompt' || word === prompt);
  }

  /** A harness has begun with these. Never rejects: a file that cannot be removed is told of again by the next worker. */
  async told(words: readonly OperatorWord[]): Promise<void> {
    for (const { id } of words) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      this.#markTold(id);
      if (waiting === undefined) continue;
      const { file, written } = waiting;
      try {
        await written;
        await rm(file, { force: true });
      } catch (error) {
        this.#log.error(
          { file, fault: messageOf(error) },
          "an operator's word that was told stays on the disk",
        );
      }
    }
  }

  /** Whether the word of that id waits for the next run, or has been told; undefined: it is not known. */
  stateOf(id: string): 'waiting' | 'told' | undefined {
    if (this.#waiting.has(id)) return 'waiting';
    return this.#told.has(id) ? 'told' : undefined;
  }

  #markTold(id: string): void {
    this.#told.add(id);
    for (const oldest of this.#told) {
      if (this.#told.size <= TOLD_KEPT) break;
      this.#told.delete(oldest);
    }
  }
}

function isWord(value: unknown): value is OperatorWord {
  const { id, kind, text, at } = (value ?? {}) as Partial<OperatorWord>;
  const isKind = kind === 'message' || kind === 'prompt' || kind === 'interrupt';
  return typeof id === 'string' && isKind && typeof text === 'string' && Number.isFinite(at);
}
