/**
 * Reads the words behind a command by its row: flags may stand anywhere, as `--limit 5`, `--limit=5`, `-n 5`, `-n5`,
 * `-n=5` or `-fn5`; behind `--` everything is an argument. Pure. A parser of its own, because loading one is a tenth of
 * what a `send` may cost.
 */
import { DURATION_EXPECTED, parseDuration } from '../../../shared/config/durations.ts';
import { WaggleError } from '../../../shared/errors.ts';
import type { CommandRow, FlagRow, Flags } from './command-row.ts';

export interface Invocation {
  readonly args: readonly string[];
  readonly flags: Flags;
}

/** Undefined when help is asked for. Errors: `usage`. */
export function readInvocation(row: CommandRow, words: readonly string[]): Invocation | undefined {
  const { args, given } = readWords(row, words);
  if (given.has('help')) return undefined;
  return { args: readArguments(row, args), flags: flagsOf(row, given) };
}

const helpFlag: FlagRow = { name: 'help', short: 'h', summary: '' };

type Given = ReadonlyMap<string, readonly string[]>;

function readWords(row: CommandRow, words: readonly string[]): { args: string[]; given: Given } {
  const known = [...(row.flags ?? []), helpFlag];
  const args: string[] = [];
  const given = new Map<string, string[]>();
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') args.push(...rest.splice(0));
    else if (word.startsWith('--')) {
      const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
      const flag = known.find((one) => one.name === name);
      if (flag === undefined) throw usage(`unknown flag: --${name}`);
      take(flag, `--${name}`, value);
    } else if (word.startsWith('-') && word !== '-') takeShort(word.slice(1));
    else args.push(word);
  }
  return { args, given };

  /** Letters together: switches, of which the last one may have a value, which goes to the end of the word. */
  function takeShort(letters: string): void {
    const [letter = '', ...more] = letters;
    const flag = known.find(({ short }) => short === letter);
    if (flag === undefined) throw usage(`unknown flag: -${letter}`);
    const behind = more.join('');
    const isSwitch = flag.value === undefined && !behind.startsWith('=');
    take(flag, `-${letter}`, isSwitch || behind === '' ? undefined : behind.replace(/^=/, ''));
    if (isSwitch && behind !== '') takeShort(behind);
  }

  function take(flag: FlagRow, typed: string, value: string | undefined): void {
    if (flag.value === undefined) switchTo(given, flag, value);
    else {
      const text = value ?? rest.shift();
      if (text === undefined) throw usage(`flag needs an argument: ${typed}`);
      given.set(flag.name, [...(given.get(flag.name) ?? []), text]);
    }
  }
}

/** `--json`, and `--json=true` or `--json=false`, of which the last one counts. */
function switchTo(given: Map<string, string[]>, { name }: FlagRow, value: string | undefined): void {
  if (value === undefined || value === 'true') given.set(name, []);
  else if (value === 'false') given.delete(name);
  else throw usage(`--${name}: expected true, false or nothing, got ${JSON.stringify(value)}`);
}

function readArguments(row: CommandRow, args: readonly string[]): readonly string[] {
  const rows = row.arguments ?? [];
  const missing = rows.find((one, index) => one.isRequired === true && args[index] === undefined);
  if (missing !== undefined) throw usage(`missing argument: ${missing.name}`);
  if (rows.at(-1)?.isRest === true) {
    const first = rows.length - 1;
    return args.length <= rows.length ? args : [...args.slice(0, first), args.slice(first).join(' ')];
  }
  if (args.length <= rows.length) return args;
  const most =
    rows.length === 0
      ? 'no arguments'
      : rows.length === 1
        ? 'at most one argument'
        : `at most ${rows.length} arguments`;
  throw usage(`${row.name} takes ${most}, got ${args.length}`);
}

function flagsOf(row: CommandRow, given: Given): Flags {
  const all = (name: string): readonly string[] | undefined => {
    if (row.flags?.some((flag) => flag.name === name) !== true)
      throw new Error(`${row.name} has no flag --${name}`);
    return given.get(name);
  };
  return {
    has: (name) => all(name) !== undefined,
    text: (name) => all(name)?.at(-1),
    list: (name) =>
      (all(name) ?? [])
        .flatMap((text) => text.split(','))
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    count(name, fallback) {
      const text = all(name)?.at(-1);
      if (text === undefined) return fallback;
      const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
      if (value < 0) throw usage(`${name} must be >= 0`);
      if (!Number.isSafeInteger(value))
        throw usage(`--${name}: expected a whole number from 0, got ${JSON.stringify(text)}`);
      return value;
    },
    durationMs(name, fallback) {
      const text = all(name)?.at(-1)?.trim();
      if (text === undefined) return fallback;
      if (text.startsWith('-') && parseDuration(text.slice(1)) !== undefined)
        throw usage(`${name} must be >= 0`);
      const value = parseDuration(text);
      if (value === undefined)
        throw usage(`--${name}: expected ${DURATION_EXPECTED}, got ${JSON.stringify(text)}`);
      return value;
    },
  };
}

const usage = (message: string): WaggleError => new WaggleError('usage', { message });
