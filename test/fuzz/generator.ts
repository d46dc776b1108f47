/**
 * Makes input from a seed: valid input that is cut, doubled, spliced, nested and sprinkled with what troubles parsers, and
 * bytes by chance. The same seed, target and number always give the same input, so that three words repeat a finding.
 */
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { hostileBytes, hostileWords, nests } from './dictionary.ts';
import type { Target } from './target.ts';

/** Longer ones are made to measure time and memory, and those are made elsewhere. */
const LONGEST = 16 * 1024;
const MOST_CHANGES = 6;

/** The chance of one input. */
export const randomOf = (seed: string, target: string, number: number): SeededRandom =>
  new SeededRandom(`${seed}/${target}/${number}`);

/** A small input for the target. */
export function inputFor(target: Target, random: SeededRandom): Uint8Array {
  if (random.chance(0.05)) return bytesByChance(random);
  let input = pickOf(target.corpus, random) ?? bytesByChance(random);
  for (let left = random.whole(0, MOST_CHANGES); left > 0; left -= 1) {
    input = change(input, target, random).subarray(0, LONGEST);
  }
  return input;
}

type Change = (input: Uint8Array, target: Target, random: SeededRandom) => Uint8Array;

const changes: readonly Change[] = [
  function flipped(input, _, random) {
    const copy = Uint8Array.from(input);
    const at = random.whole(0, copy.length - 1);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.whole(0, 7));
    return copy;
  },
  function replaced(input, _, random) {
    const copy = Uint8Array.from(input);
    copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
    return copy;
  },
  function cut(input, _, random) {
    return input.subarray(0, random.whole(0, input.length));
  },
  function without(input, _, random) {
    const [from, to] = span(input, random);
    return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
  },
  function doubled(input, _, random) {
    const [from, to] = span(input, random);
    return Buffer.concat([input.subarray(0, to), input.subarray(from)]);
  },
  function repeated(input, _, random) {
    const [from, to] = span(input, random);
    const part = input.subarray(from, Math.min(to, from + 64));
    const times = random.whole(2, 200);
    return Buffer.concat([
      input.subarray(0, from),
      ...Array<Uint8Array>(times).fill(part),
      input.subarray(to),
    ]);
  },
  function spliced(input, { corpus }, random) {
    const other = pickOf(corpus, random) ?? input;
    return Buffer.concat([
      input.subarray(0, random.whole(0, input.length)),
      other.subarray(random.whole(0, other.length)),
    ]);
  },
  function withWord(input, target, random) {
    return inserted(input, wordFor(target, random), random);
  },
  function withWordInPlace(input, target, random) {
    const [from, to] = token(input, random);
    return Buffer.concat([input.subarray(0, from), wordFor(target, random), input.subarray(to)]);
  },
  function withBytes(input, _, random) {
    return inserted(input, pickOf(hostileBytes, random) ?? new Uint8Array(1), random);
  },
  function nested(input, _, random) {
    const [open, close] = random.pick(nests) ?? ['[', ']'];
    const depth = random.pick([10, 200, 3_000, 8_000]) ?? 10;
    const [from, to] = random.chance(0.5) ? token(input, random) : span(input, random);
    const inside = random.chance(0.5) ? input.subarray(from, to) : new Uint8Array();
    const head = open.repeat(Math.min(depth, Math.floor(LONGEST / 2 / open.length)));
    const parts = [input.subarray(0, from), Buffer.from(head, 'latin1'), inside];
    return Buffer.concat([
      ...parts,
      Buffer.from(close.repeat(head.length / open.length)),
      input.subarray(to),
    ]);
  },
  function withNumber(input, _, random) {
    const digits = /\d+/g;
    const text = Buffer.from(input).toString('latin1');
    const found = random.pick([...text.matchAll(digits)]);
    if (found === undefined) return input;
    const number =
      random.pick(['0', '-1', '1e400', '0.5', '9'.repeat(random.whole(1, 400)), '00', '']) ?? '0';
    const end = found.index + found[0].length;
    return Buffer.from(text.slice(0, found.index) + number + text.slice(end), 'latin1');
  },
  function withOtherEnds(input, _, random) {
    const text = Buffer.from(input).toString('latin1');
    return Buffer.from(text.replaceAll('\n', random.pick(['\r\n', '\r', '\n\n', '\0', '']) ?? ''), 'latin1');
  },
];

function change(input: Uint8Array, target: Target, random: SeededRandom): Uint8Array {
  const one = random.pick(changes);
  return input.length === 0 || one === undefined ? wordFor(target, random) : one(input, target, random);
}

function wordFor({ words }: Target, random: SeededRandom): Uint8Array {
  const from = words.length > 0 && random.chance(0.5) ? words : hostileWords;
  return Buffer.from(random.pick(from) ?? '');
}

function inserted(input: Uint8Array, part: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.whole(0, input.length);
  return Buffer.concat([input.subarray(0, at), part, input.subarray(at)]);
}

/** Where a part begins and ends. */
function span(input: Uint8Array, random: SeededRandom): [number, number] {
  const from = random.whole(0, input.length);
  return [from, random.whole(from, Math.min(input.length, from + random.whole(1, 200)))];
}

/** A word or value as a person sees one: what stands between marks. */
function token(input: Uint8Array, random: SeededRandom): [number, number] {
  const text = Buffer.from(input).toString('latin1');
  const found = random.pick([...text.matchAll(/"(?:[^"\\]|\\.)*"|[\w.+-]+/g)]);
  return found === undefined ? span(input, random) : [found.index, found.index + found[0].length];
}

function bytesByChance(random: SeededRandom): Uint8Array {
  const isText = random.chance(0.5);
  const least = isText ? 0x20 : 0;
  return Uint8Array.from({ length: random.whole(0, 200) }, () => random.whole(least, isText ? 0x7e : 255));
}

function pickOf<T>(items: readonly T[], random: SeededRandom): T | undefined {
  return random.pick(items);
}

/** Something that is repeated between a beginning and an end: what it costs may grow with its length, no faster. */
export interface Growing {
  readonly head: Uint8Array;
  readonly pump: Uint8Array;
  readonly tail: Uint8Array;
}

/** Chooses what is repeated, out of what means something to the target. */
export function growingFor(target: Target, random: SeededRandom): Growing {
  const base = pickOf(target.corpus, random) ?? new Uint8Array();
  const [from, to] = token(base, random);
  const at = random.pick([0, from, to, base.length]) ?? 0;
  const [one, end] = random.chance(0.5) ? span(base, random) : token(base, random);
  const pump =
    random.pick([
      () => base.subarray(one, Math.min(end, one + random.whole(1, 64))),
      () => base.subarray(one, one + 1),
      () => wordFor(target, random),
      () =>
        Buffer.from(
          random.pick([' ', '\n', '1', 'a', '.', '-', '"', '\\', '[', '{"a":', '\t', '=', '\r', '/']) ?? ' ',
        ),
      () => Buffer.concat([wordFor(target, random), wordFor(target, random)]),
      () => base,
    ]) ?? (() => base);
  const tail = random.pick([base.subarray(at), Buffer.from('!'), Buffer.from('\n'), new Uint8Array()]);
  return { head: base.subarray(0, at), pump: nonEmpty(pump()), tail: tail ?? new Uint8Array() };
}

const nonEmpty = (bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? Buffer.from('a') : bytes);

/** An input of about so many bytes. */
export function grown({ head, pump, tail }: Growing, bytes: number): Uint8Array {
  const room = Math.max(pump.length, bytes - head.length - tail.length);
  const middle = Buffer.alloc(room - (room % pump.length), pump);
  return Buffer.concat([head, middle, tail]);
}
