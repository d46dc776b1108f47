/**
 * Finds the values of assignments and headers whose name says that they are secret: `API_KEY=…`,
 * `token: …`, `"api_key": "…"` (also escaped within another string), `Authorization: Bearer …`, `--password …`.
 * How sure the name is decides how much the value must look like a secret. Pure.
 *
 * 1. A value is looked at as a whole: no part of it is left because it holds punctuation.
 * 2. What is turned down is short or cannot hold another name, so each character is looked at a bounded
 *    number of times.
 */
import type { Span } from './private-keys.ts';
import { isStandIn, looksOpaque } from './secret-value.ts';

type Names = 'sure' | 'likely' | 'variable' | 'header';

/** `sure`: any value. `likely`: an opaque one. `variable`: only as `NAME=`. `header`: after a scheme, any. */
const names: Readonly<Record<Names, string>> = {
  header: 'authorization',
  sure: [
    'pass(?:word|wd|phrase|code)|pwd',
    '(?:api|access|private|secret)[_ -]?key(?:[_-]?id)?',
    'secret(?:[_-]?access)?(?:[_-]?key)?',
    '(?:signing|encryption|master|account|auth|service|deploy|shared|license|storage|client|consumer|app|admin)[_-]?key',
    '(?:auth|access|refresh|id|bearer|session|api|bot|personal|deploy|security|csrf|xsrf|app|client|oauth|user)[_-]?token',
    '_auth',
  ].join('|'),
  likely: 'token|credentials?|nkey|seed',
  variable: 'key|pass|pat|creds|auth|dsn|cookie',
};
const named = Object.entries(names)
  .map(([name, pattern]) => `(?<${name}>${pattern})`)
  .join('|');
const quoteEnd = String.raw`[\\"'\x60\])]{0,16}`;
const typed = String.raw`:[ \t]{0,4}(?:string|str|String|&str)[ \t]{0,4}=`;
const sign = String.raw`(?<sign>[ \t]{0,8}(?:${typed}|=>|:=|[:=](?![=:>~]))[ \t]{0,8})`;
const assignment = new RegExp(`(?:${named})(?:[_-]?[0-9]{1,2})?${quoteEnd}${sign}`, 'gi');
const flag = new RegExp(`--(?:[a-z0-9]{1,20}-){0,4}(?:(?<sure>${names.sure})|(?<likely>token))[ \\t]+`, 'gi');

/** More backslashes before a quote than any nesting has; it bounds how many values can span each other. */
const opener = /\\{0,15}["'`]/y;
const scheme = /(?:basic|bearer|token|digest|negotiate|ntlm|apikey|aws4-hmac-sha256)[ \t]+/iy;

/** The spans of the values, in order, without their quotes. */
export function secretValueSpans(text: string): Span[] {
  return [...spansOf(text, flag), ...spansOf(text, assignment)].sort((a, b) => a.start - b.start);
}

function spansOf(text: string, pattern: RegExp): Span[] {
  const spans: Span[] = [];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const { groups = {}, index } = found;
    // Before the value is looked for: names like this are common, and turning down a long value is dear (2).
    if (groups['variable'] !== undefined && !isVariable(text, groups, index)) continue;
    const isQuery = /[?&]/.test(text.charAt(index - 1));
    const value = valueAt(text, pattern.lastIndex, isQuery ? queryEnd : bareEnd);
    const start = groups['header'] === undefined ? value.start : matchEnd(scheme, text, value.start);
    const hasScheme = start > value.start;
    const span = hasScheme && !value.isQuoted ? bareValue(text, start, bareEnd) : { start, end: value.end };
    if (!isSecret(text.slice(span.start, span.end), groups, hasScheme)) continue;
    spans.push(span);
    pattern.lastIndex = span.end;
  }
  return spans;
}

type Groups = Readonly<Record<string, string | undefined>>;

const isVariable = (text: string, { variable, sign: found }: Groups, at: number): boolean =>
  found === '=' && variable === variable?.toUpperCase() && !/[A-Za-z0-9]/.test(text.charAt(at - 1));

function isSecret(value: string, groups: Groups, hasScheme: boolean): boolean {
  if (value === '' || isStandIn(value)) return false;
  if (groups['sure'] !== undefined || hasScheme) return true;
  if (groups['variable'] !== undefined) return value.length >= 4 && /[^0-9.,]/.test(value);
  return looksOpaque(value);
}

interface Value extends Span {
  readonly isQuoted: boolean;
}

/** The value at `at`: to its closing quote or the end of the line, or a bare word. */
function valueAt(text: string, at: number, until: RegExp): Value {
  const start = matchEnd(opener, text, at);
  if (start === at) return { ...bareValue(text, at, until), isQuoted: false };
  const quote = text.charAt(start - 1);
  const depth = start - at - 1;
  let slashes = 0;
  let end = start;
  for (; end < text.length; end++) {
    const char = text.charAt(end);
    if (char === '\n') break;
    // At depth 0 an escaped quote belongs to the value; deeper, one that is escaped more often does.
    if (char === quote && (depth === 0 ? slashes % 2 === 0 : slashes <= depth)) {
      if (depth > 0) end -= slashes;
      break;
    }
    slashes = char === '\\' ? slashes + 1 : 0;
  }
  return { start, end, isQuoted: true };
}

const bareEnd = /[\s"'`]/g;
const queryEnd = /[\s"'`&#]/g;

/** To where `until` matches first, without the punctuation of the text around. */
function bareValue(text: string, start: number, until: RegExp): Span {
  until.lastIndex = start;
  let end = until.exec(text)?.index ?? text.length;
  const isCall = text[end - 1] === '(' || text.startsWith('()', end - 2);
  while (end > start && !isCall && ',;:.)}]>|&\\{[('.includes(text.charAt(end - 1))) end--;
  return { start, end };
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
