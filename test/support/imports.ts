/**
 * What a TypeScript module imports and which globals it touches, read from its tokens: for the architecture test
 * and for tests that copy a part of the sources. TypeScript 7 has no compiler interface to ask.
 */
import { type Token, tokensOf } from './tokens.ts';

export interface Import {
  /** The module's name as it is written; undefined when it is computed. */
  readonly specifier: string | undefined;
  readonly kind: 'import' | 'export' | 'dynamic' | 'require';
  /** Erased at run time (`import type`). One with only inline `type` names is not: the module still loads. */
  readonly isType: boolean;
  /** What is taken, by its name over there; `*` for all of it. Empty for a bare import and a dynamic one. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Module {
  readonly imports: readonly Import[];
  readonly hasDefaultExport: boolean;
  readonly tokens: readonly Token[];
}

/** Reads one module. Errors: a text, template or comment that doesn't end. */
export function readModule(source: string): Module {
  const tokens = tokensOf(source);
  const imports: Import[] = [];
  let hasDefaultExport = false;
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || isMember(tokens, at)) return;
    if (token.value === 'import') imports.push(...importAt(tokens, at));
    if (token.value === 'require' && isMark(tokens[at + 1], '(')) imports.push(callAt(tokens, at, 'require'));
    if (token.value !== 'export') return;
    if (isWord(tokens[at + 1], 'default')) hasDefaultExport = true;
    const { from, inner } = exportAt(tokens, at);
    if (from !== undefined) imports.push(from);
    if (inner.some((one, index) => isWord(one, 'as') && isWord(inner[index + 1], 'default')))
      hasDefaultExport = true;
  });
  return { imports, hasDefaultExport, tokens };
}

/**
 * The members of a global that the module reads: `now` of `Date.now()`, `Date['now']` and
 * `const { now } = Date`; `new` and `()` when it is constructed or called without arguments.
 */
export function membersOf({ tokens }: Module, global: string): string[] {
  const found: string[] = [];
  tokens.forEach((token, at) => {
    if (!isWord(token, global)) return;
    if (isMember(tokens, at) && !isWord(tokens[at - 2], 'globalThis')) return;
    const [next, after] = [tokens[at + 1], tokens[at + 2]];
    if ((isMark(next, '.') || isMark(next, '?.')) && after !== undefined) {
      found.push(isMark(after, '[') ? (tokens[at + 3]?.value ?? '') : after.value);
    } else if (isMark(next, '[') && after?.kind === 'text') found.push(after.value);
    const isEmptyCall = isMark(next, '(') && isMark(after, ')');
    const isNew = isWord(tokens[at - 1], 'new');
    if (isNew && (isEmptyCall || !isMark(next, '('))) found.push('new');
    else if (isEmptyCall && !isNew) found.push('()');
    if (isMark(tokens[at - 1], '=') && isMark(tokens[at - 2], '}'))
      found.push(...destructured(tokens, at - 2));
  });
  return found;
}

function importAt(tokens: readonly Token[], at: number): Import[] {
  const next = tokens[at + 1];
  const line = tokens[at]?.line ?? 0;
  if (next === undefined || isMark(next, '.')) return [];
  if (isMark(next, '(')) return [callAt(tokens, at, 'dynamic')];
  if (next.kind === 'text')
    return [{ specifier: next.value, kind: 'import', isType: false, names: [], line }];
  const from = fromAt(tokens, at + 1);
  // A key or a method that is called `import`.
  if (from === undefined) return [];
  const clause = tokens.slice(at + 1, from);
  // `import type from 'x'` takes a default export of that name.
  const isType = isWord(clause[0], 'type') && clause.length > 1;
  const names = namesOf(isType ? clause.slice(1) : clause);
  return [{ specifier: tokens[from + 1]?.value, kind: 'import', isType, names, line }];
}

function exportAt(tokens: readonly Token[], at: number): { from?: Import; inner: readonly Token[] } {
  const isType = isWord(tokens[at + 1], 'type') && !isWord(tokens[at + 2]);
  const start = at + (isType ? 2 : 1);
  if (!isMark(tokens[start], '{') && !isMark(tokens[start], '*')) return { inner: [] };
  const close = isMark(tokens[start], '{')
    ? tokens.findIndex((token, index) => index > start && isMark(token, '}'))
    : start + (isWord(tokens[start + 1], 'as') ? 2 : 0);
  const inner = tokens.slice(start, close + 1);
  const specifier = tokens[close + 2];
  if (!isWord(tokens[close + 1], 'from') || specifier?.kind !== 'text') return { inner };
  const names = isMark(tokens[start], '*') ? ['*'] : namesOf(inner);
  return { inner, from: { specifier: specifier.value, kind: 'export', isType, names, line: specifier.line } };
}

function callAt(tokens: readonly Token[], at: number, kind: 'dynamic' | 'require'): Import {
  const [argument, end] = [tokens[at + 2], tokens[at + 3]];
  const isPlain = argument?.kind === 'text' && (isMark(end, ')') || isMark(end, ','));
  const specifier = isPlain ? argument.value : undefined;
  return { specifier, kind, isType: false, names: [], line: tokens[at]?.line ?? 0 };
}

/** Where the clause ends: at a `from` before a text. */
function fromAt(tokens: readonly Token[], start: number): number | undefined {
  for (let at = start; at < tokens.length; at += 1) {
    if (isWord(tokens[at], 'from') && tokens[at + 1]?.kind === 'text') return at;
    if (!isName(tokens[at]) && !['{', '}', ',', '*'].some((mark) => isMark(tokens[at], mark)))
      return undefined;
  }
  return undefined;
}

function namesOf(clause: readonly Token[]): string[] {
  if (clause.some((token) => isMark(token, '*'))) return ['*'];
  const brace = clause.findIndex((token) => isMark(token, '{'));
  const first = clause[0];
  const names = first?.kind === 'word' ? ['default'] : [];
  if (brace < 0) return names;
  const parts = clause.slice(brace + 1).filter((token) => !isMark(token, '}'));
  let name: string | undefined;
  for (const [at, token] of parts.entries()) {
    if (isMark(token, ',')) name = undefined;
    else if (name === undefined) {
      const isModifier = isWord(token, 'type') && isName(parts[at + 1]) && !isWord(parts[at + 1], 'as');
      if (isModifier) continue;
      name = token.value;
      names.push(name);
    }
  }
  return names;
}

/** The keys of a pattern that closes at `close`, those of patterns within it left out. */
function destructured(tokens: readonly Token[], close: number): string[] {
  const names: string[] = [];
  for (let at = close, depth = 0; at >= 0; at -= 1) {
    const token = tokens[at];
    if (isMark(token, '}') || isMark(token, ']') || isMark(token, ')')) depth += 1;
    if (isMark(token, '{') || isMark(token, '[') || isMark(token, '(')) depth -= 1;
    if (depth === 0) return names;
    const isFirst = isMark(tokens[at - 1], ',') || isMark(tokens[at - 1], '{');
    if (depth === 1 && isFirst && token !== undefined && isName(token)) names.push(token.value);
  }
  return names;
}

function isMember(tokens: readonly Token[], at: number): boolean {
  return isMark(tokens[at - 1], '.') || isMark(tokens[at - 1], '?.');
}

const isName = (token: Token | undefined): boolean => token?.kind === 'word' || token?.kind === 'text';

const isMark = (token: Token | undefined, mark: string): boolean =>
  token?.kind === 'mark' && token.value === mark;

const isWord = (token: Token | undefined, text?: string): boolean =>
  token?.kind === 'word' && (text === undefined || token.value === text);
