/**
 * TypeScript source as tokens: just enough of a scanner that comments, strings, templates and regular expressions
 * are never taken for code. Knows no grammar; types and JSX-free modules pass through as words and marks.
 *
 * A slash begins a regular expression where a value cannot have just ended; after `)` the word before its `(`
 * tells (`if (a) /b/` against `f(a) / b`).
 */

export interface Token {
  /** `text`: a string or a template without places; `template`: one with places, whose code follows as tokens. */
  readonly kind: 'word' | 'mark' | 'text' | 'template' | 'regex';
  /** Of a text its content, unescaped only as far as paths need it; otherwise the source. */
  readonly value: string;
  readonly line: number;
}

const wordStart = /[\p{ID_Start}$_#@\d]/u;
const word = /[\p{ID_Continue}$#@]+/uy;
const marks = ['...', '=>', '?.', '++', '--'];
/** After these a value begins, so a slash begins a regular expression. */
const beforeValue = new Set(
  'return typeof case in of delete void throw new else do await yield instanceof default extends'.split(' '),
);
const headed = new Set(['if', 'while', 'for', 'with']);

/** The tokens of `source` in order, comments and a shebang left out. Errors: an unended text or comment. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open bracket: whether a value has ended once it closes, and whether a template goes on then. */
  const open: { readonly isValue: boolean; readonly inTemplate: boolean }[] = [];
  let at = source.startsWith('#!') ? endOf(source, '\n', 0) : 0;
  let line = 1;
  let counted = 0;
  let isAfterValue = false;

  const add = (kind: Token['kind'], value: string, to: number, endsValue: boolean) => {
    for (; counted < at; counted += 1) if (source[counted] === '\n') line += 1;
    tokens.push({ kind, value, line });
    at = to;
    isAfterValue = endsValue;
  };
  const addTemplate = (from: number) => {
    const { end, isEnd } = templatePart(source, from);
    const whole = isEnd && source[at] === '`';
    add(whole ? 'text' : 'template', source.slice(from, end), end + (isEnd ? 1 : 2), isEnd);
    if (!isEnd) open.push({ isValue: true, inTemplate: true });
  };
  const addMark = (mark: string) => {
    const previous = tokens.at(-1);
    if (mark === '(' || mark === '[' || mark === '{') {
      const isHead = mark === '(' && previous?.kind === 'word' && headed.has(previous.value);
      open.push({ isValue: mark !== '{' && !isHead, inTemplate: false });
      return add('mark', mark, at + 1, false);
    }
    if (mark === ')' || mark === ']' || mark === '}') {
      const closed = open.pop();
      if (mark === '}' && closed?.inTemplate === true) return addTemplate(at + 1);
      return add('mark', mark, at + 1, closed?.isValue ?? false);
    }
    // `a!` and `a++` leave a value behind; `!a` and `++a` do not.
    const isPostfix =
      isAfterValue && (mark === '++' || mark === '--' || (mark === '!' && source[at + 1] !== '='));
    add('mark', mark, at + mark.length, isPostfix);
  };

  while (at < source.length) {
    const char = source.charAt(at);
    const next = source.charAt(at + 1);
    if (/\s/.test(char)) at += 1;
    else if (char === '/' && next === '/') at = endOf(source, '\n', at);
    else if (char === '/' && next === '*') at = needed(source, '*/', at + 2) + 2;
    else if (char === '"' || char === "'") {
      const end = textEnd(source, at);
      add('text', unescaped(source.slice(at + 1, end)), end + 1, true);
    } else if (char === '`') addTemplate(at + 1);
    else if (char === '/' && !isAfterValue) {
      const end = regexEnd(source, at);
      add('regex', source.slice(at, end), end, true);
    } else if (wordStart.test(char)) {
      word.lastIndex = at;
      const value = word.exec(source)?.[0] ?? char;
      const isMember = tokens.at(-1)?.value === '.' || tokens.at(-1)?.value === '?.';
      add('word', value, at + value.length, isMember || !beforeValue.has(value));
    } else addMark(marks.find((mark) => source.startsWith(mark, at)) ?? char);
  }
  return tokens;
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found < 0 ? source.length : found;
}

function needed(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  if (found < 0) throw new Error(`no ${mark} after ${JSON.stringify(source.slice(from, from + 40))}`);
  return found;
}

function textEnd(source: string, from: number): number {
  for (let at = from + 1; at < source.length && source[at] !== '\n'; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === source[from]) return at;
  }
  throw new Error(`a text does not end: ${source.slice(from, from + 40)}`);
}

/** Up to the closing backtick, or to the next place. */
function templatePart(source: string, from: number): { end: number; isEnd: boolean } {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return { end: at, isEnd: true };
    else if (source.startsWith('${', at)) return { end: at, isEnd: false };
  }
  throw new Error(`a template does not end: ${source.slice(from, from + 40)}`);
}

function regexEnd(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length && source[at] !== '\n'; at += 1) {
    const char = source[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass)
      return at + 1 + (/^[a-z]*/.exec(source.slice(at + 1))?.[0].length ?? 0);
  }
  throw new Error(`a regular expression does not end: ${source.slice(from, from + 40)}`);
}

/** Escapes that could hide a module's name; the others stay as they stand. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([^nrtbfv0]))/gi,
    (_, a, b, c, d) => (d === undefined ? String.fromCodePoint(Number.parseInt(a ?? b ?? c, 16)) : d),
  );
}
