/**
 * YAML or JSON text as a plain value that remembers its lines. The only file that knows the parser.
 *
 * 1. Syntax errors are reported once each place: duplicate keys all of them, of the rest only the first,
 *    because the parser's later ones follow from it.
 * 2. A `.json` file must be JSON, not merely YAML; its lines still come from the YAML parser.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
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
  const document = parseDocument(text, {
    lineCounter: lines,
    stringKeys: true,
    prettyErrors: false,
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

function syntaxProblems(document: ParsedDocument, lineAt: (offset: number) => number): SyntaxProblem[] {
  const found = [...document.errors, ...document.warnings];
  const doubled = found.filter((error) => error.code === 'DUPLICATE_KEY');
  const other = found.find((error) => error.code !== 'DUPLICATE_KEY');
  const problems = doubled.map((error) => ({
    line: lineAt(error.pos[0]),
    message: doubledKey(document, error.pos[0], lineAt),
  }));
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

function doubledKey(document: ParsedDocument, offset: number, lineAt: (offset: number) => number): string {
  let message = 'a key appears twice';
  visit(document, {
    Map(_, map) {
      const keys = map.items.map((pair) => (isScalar(pair.key) ? pair.key : undefined));
      const second = keys.find((key) => key?.range?.[0] === offset);
      if (second === undefined) return undefined;
      const first = keys.find((key) => key?.value === second.value);
      message = `key \`${String(second.value)}\` appears twice, first on line ${lineAt(first?.range?.[0] ?? offset)}`;
      return visit.BREAK;
    },
  });
  return message;
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
