/**
 * A stream of pseudo-random numbers that one seed decides: the only source of chance in a simulation. Knows nothing of
 * what is drawn. (The generator is sfc32, seeded by a mixing of the seed's text.)
 */
import type { RandomId } from '../../random.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: string | number) {
    const mix = mixer(String(seed));
    [this.#a, this.#b, this.#c] = [mix(), mix(), mix()];
    for (let n = 0; n < 12; n += 1) this.next();
  }

  /** From 0 to below 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of them; undefined when there are none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)];
  }

  /** An independent stream of its own, so that more draws here change nothing there. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${name}/${this.whole(0, 2 ** 31)}`);
  }

  readonly id: RandomId = (length = 20) => {
    let id = '';
    while (id.length < length) id += ALPHABET[this.whole(0, ALPHABET.length - 1)];
    return id;
  };
}

/** xmur3: a text to as many well-mixed words as are asked for. */
function mixer(text: string): () => number {
  let state = 1_779_033_703 ^ text.length;
  for (let n = 0; n < text.length; n += 1) {
    state = Math.imul(state ^ text.charCodeAt(n), 3_432_918_353);
    state = (state << 13) | (state >>> 19);
  }
  return () => {
    state = Math.imul(state ^ (state >>> 16), 2_246_822_507);
    state = Math.imul(state ^ (state >>> 13), 3_266_489_909);
    state ^= state >>> 16;
    return state | 0;
  };
}
