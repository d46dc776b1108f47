/**
 * YAML or JSON text as a plain value that remembers its lines. The only file that knows the parser.
 *
 * 1. Syntax errors are reported once each place: duplicate keys all of them, of the rest only the first,
 *    because the parser's later ones follow from it.
 * 2. A `.json` file must be JSON, not merely YAML; its lines still come from the YAML parser.
 * 3. What takes more than time in proportion to the text, or more than a bounded depth of calls, is not left to the parser.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import { messageOf } from '../errors.ts';
import type { Path } from './file-problem.ts';
import { jsonFault } from './json-fault.ts';

export interface SyntaxProblem {
  readonly line: number;
  readonly message: string;
}

export interface SourceText {
  /** Plain objects, lists and scalars; undefined when the text holds nothing. */
  readonly value: unknown;
  /** The line where the key or entry at `path` stands; of what is missing, where its parent stands. */
  lineOf(path: Path): number;
}

export type ParsedText =
  | { readonly ok: true; readonly source: SourceText }
  | { readonly ok: false; readonly problems: readonly SyntaxProblem[] };

/** Parses one document; `firstLine` is the number of its first line. */
export function parseText(text: string, format: 'yaml' | 'json', firstLine = 1): ParsedText {
  if (text.includes('\0')) return refused([{ line: firstLine, message: 'is not a text file' }]);
  const lines = new LineCounter();
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line) + firstLine - 1;
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const line = text.slice(0, deep).split('\n').length - 1 + firstLine;
    return refused([{ line, message: `nests more than ${DEEPEST} levels deep` }]);
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    stringKeys: true,
    prettyErrors: false,
    // It compares each key with each: see `doubledKeys`.
    uniqueKeys: false,
  });
  if (format === 'json') {
    const fault = jsonFault(text);
    if (fault !== undefined) return refused([{ line: lineAt(fault.offset), message: fault.message }]);
  }
  const problems = syntaxProblems(document, lineAt);
  if (problems.length > 0) return refused(problems);
  try {
    const value: unknown = document.contents === null ? undefined : document.toJS();
    return { ok: true, source: { value, lineOf: (path) => lineAt(offsetOf(document, path)) } };
  } catch (error) {
    // Aliases that would multiply without bound.
    return refused([{ line: firstLine, message: messageOf(error) }]);
  }
}

type ParsedDocument = Document.Parsed<ParsedNode>;

function refused(problems: readonly SyntaxProblem[]): ParsedText {
  return { ok: false, problems };
}

/** No file of ours means more. */
const DEEPEST = 100;

/**
 * Where the text nests too deeply, if it does. The parser calls itself for each level, and where that ends V8's stack
 * within a pattern, the whole process ends, without an error that could be caught.
 */
function tooDeepAt(text: string): number | undefined {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // What it gives away are whole documents: not wanted here.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > DEEPEST) return parser.offset;
  }
  return undefined;
}

function syntaxProblems(document: ParsedDocument, lineAt: (offset: number) => number): SyntaxProblem[] {
  const [other] = [...document.errors, ...document.warnings];
  const problems = doubledKeys(document, lineAt);
  if (other !== undefined) problems.push({ line: lineAt(other.pos[0]), message: syntaxMessage(other) });
  return problems.sort((a, b) => a.line - b.line);
}

function syntaxMessage(error: { readonly code: string; readonly message: string }): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'indented with a tab; YAML takes spaces only';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (`---`); one file holds one';
    case 'NON_STRING_KEY':
      return 'a key must be plain text';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second `:` on one line; put text that holds `: ` in quotes';
    default:
      return `is not valid YAML: ${error.message}`;
  }
}

/** What to say of each second key. One walk for all of them: a file may have thousands. */
function doubledKeys(document: ParsedDocument, lineAt: (offset: number) => number): SyntaxProblem[] {
  const problems: SyntaxProblem[] = [];
  visit(document, {
    Map(_, map) {
      const firsts = new Map<unknown, number>();
      for (const { key } of map.items) {
        const offset = isScalar(key) ? key.range?.[0] : undefined;
        if (!isScalar(key) || offset === undefined) continue;
        const first = firsts.get(key.value);
        if (first === undefined) {
          firsts.set(key.value, offset);
          continue;
        }
        const message = `key \`${String(key.value)}\` appears twice, first on line ${lineAt(first)}`;
        problems.push({ line: lineAt(offset), message });
      }
    },
  });
  return problems;
}

function offsetOf(document: ParsedDocument, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) break;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = rangeStart(node) ?? offset;
    } else break;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
