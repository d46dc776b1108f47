/**
 * What the fuzz driver knows of a parser: how it is called, what valid input looks like, and what it promises of input
 * that is not: a refusal of its own, never another error; a bounded time; a bounded memory.
 *
 * Targets of text are given any bytes as text. Two code points of the private use area stand for the halves of a
 * surrogate pair, so that text which no UTF-8 can hold reaches them too.
 */
import { isDeepStrictEqual } from 'node:util';
import { isWaggleError } from '../../shared/errors.ts';

export interface Target {
  /** `durations`; unique, and what `--target` takes. */
  readonly name: string;
  /** Whose bytes they are, for the table. */
  readonly source: string;
  /** Valid inputs, from which others are made. */
  readonly corpus: readonly Uint8Array[];
  /** Fragments that mean something to this parser. */
  readonly words: readonly string[];
  /** Parses, and gives all that it keeps of the input; may throw refusals. */
  readonly run: (input: Uint8Array) => unknown;
  /** Whether a thrown error is a refusal; default: errors of the table. */
  readonly isRefusal: (error: unknown) => boolean;
  /** The largest input that can reach it, in bytes; time and memory are measured up to here. */
  readonly most: number;
  /** What it may keep: so many bytes for each of the input's, and so many besides. */
  readonly keeps: { readonly each: number; readonly besides: number };
  /** How long one input may take. */
  readonly boundMs: number;
}

type Options = Partial<Pick<Target, 'words' | 'isRefusal' | 'most' | 'keeps' | 'boundMs'>>;

const KIB = 1024;
/** A value of one byte of JSON or YAML (`[`) is an object of its own. */
const USUAL_KEEPS = { each: 64, besides: 1024 * KIB };
const USUAL_MOST = 128 * KIB;
/** Generous: what is small enough to be read at all is read in milliseconds. */
const USUAL_BOUND_MS = 4_000;

/** A parser of bytes. */
export function bytesTarget(
  name: string,
  source: string,
  corpus: readonly (Uint8Array | string)[],
  run: (input: Uint8Array) => unknown,
  options: Options = {},
): Target {
  const {
    words = [],
    isRefusal = isWaggleError,
    most = USUAL_MOST,
    keeps = USUAL_KEEPS,
    boundMs = USUAL_BOUND_MS,
  } = options;
  const bytes = corpus.map((one) => (typeof one === 'string' ? Buffer.from(one) : one));
  return { name, source, corpus: bytes, words, run, isRefusal, most, keeps, boundMs };
}

/** A parser of text. */
export function textTarget(
  name: string,
  source: string,
  corpus: readonly string[],
  run: (text: string) => unknown,
  options: Options = {},
): Target {
  return bytesTarget(name, source, corpus, (input) => run(textOf(input)), options);
}

/** Stand for a high and a low surrogate alone. */
export const LONE_HIGH = '\uE000';
export const LONE_LOW = '\uE001';

function textOf(input: Uint8Array): string {
  return Buffer.from(input).toString('utf8').replaceAll(LONE_HIGH, '\uD800').replaceAll(LONE_LOW, '\uDC00');
}

/** What takes a stream piece by piece. `kept`: the reader itself, for the measure of what it holds. */
export interface Feed {
  readonly kept: unknown;
  push(bytes: Uint8Array): readonly unknown[];
  end(): readonly unknown[];
}

/** So short input is cut at every place; longer input at some. */
const EVERY_PLACE = 96;
const SINGLE_BYTES = 2 * KIB;

/** A reader of a stream: what it says must not depend on where its bytes are cut. */
export function streamTarget(
  name: string,
  source: string,
  corpus: readonly (Uint8Array | string)[],
  open: () => Feed,
  options: Options = {},
): Target {
  const run = (input: Uint8Array): unknown => {
    const feed = open();
    if (input.length > SINGLE_BYTES) {
      for (let at = 0; at < input.length; at += 1_000) feed.push(input.subarray(at, at + 1_000));
      return feed;
    }
    const whole = [...feed.push(input), ...feed.end()];
    for (const cuts of cutsOf(input.length)) {
      const other = open();
      const said: unknown[] = [];
      let from = 0;
      for (const to of [...cuts, input.length]) {
        said.push(...other.push(input.subarray(from, to)));
        from = to;
      }
      said.push(...other.end());
      if (!isDeepStrictEqual(said, whole))
        throw new Error(`cut at ${cuts.join(', ')} it says something else`);
    }
    return feed;
  };
  return bytesTarget(name, source, corpus, run, options);
}

function cutsOf(length: number): number[][] {
  const single = Array.from({ length: Math.max(0, length - 1) }, (_, at) => at + 1);
  const places = length <= EVERY_PLACE ? single : single.filter((at) => at % Math.ceil(length / 8) === 1);
  return [single, ...places.map((at) => [at])];
}
