/**
 * A profile of waggle.yaml from flags, and the text of a waggle.yaml with it. Every other character of the file stays
 * where that is possible: comments and layout are somebody's work. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isNode, isScalar, isSeq, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import type { ConfigFile } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';

/** A profile as waggle.yaml has it. */
export type ProfileFile = NonNullable<ConfigFile['profiles']>[string];

/** As the command line gives them; lists are empty when they were not given. */
export interface ProfileFlags {
  readonly harness: NonNullable<ProfileFile['harness']>;
  readonly command: readonly string[];
  readonly program?: string;
  readonly model?: string;
  readonly account?: string;
  readonly arg: readonly string[];
  readonly env: readonly string[];
  readonly rights?: NonNullable<ProfileFile['rights']>;
  readonly max?: number;
  readonly weight?: number;
}

/** Only what was given, in the order of the documentation. Errors: `usage`. */
export function profileDraft(flags: ProfileFlags): ProfileFile {
  const { harness, command, program, model, account, arg, env, rights, max, weight } = flags;
  if (harness === 'command' && command.length === 0) {
    const message =
      '--harness command runs any program: expected its words behind --, e.g. -- my-agent {prompt_file}';
    throw new WaggleError('usage', { message });
  }
  if (harness !== 'command' && command.length > 0) {
    const message = `a command goes with --harness command only; ${harness} takes --program and --arg`;
    throw new WaggleError('usage', { message });
  }
  return {
    harness,
    ...(command.length === 0 ? {} : { command: [...command] }),
    ...(program === undefined ? {} : { program }),
    ...(model === undefined ? {} : { model }),
    ...(account === undefined ? {} : { account }),
    ...(arg.length === 0 ? {} : { args: [...arg] }),
    ...(rights === undefined ? {} : { rights }),
    ...(env.length === 0 ? {} : { env: [...env] }),
    ...(max === undefined ? {} : { max_concurrency: max }),
    ...(weight === undefined ? {} : { weight }),
  };
}

/** The text of a valid waggle.yaml with one more profile, behind those that are there. Errors: `usage` when it is there. */
export function withProfile(text: string, name: string, profile: ProfileFile): string {
  const document = parseDocument(text, { stringKeys: true });
  const wanted = documentWith(document, name, profile);
  const spliced = splice(text, document, name, profile);
  // A splice is only words between words: that it says the same is seen by reading it.
  if (spliced !== undefined && saysTheSame(spliced, wanted)) return spliced;
  return wanted.toString(LAYOUT);
}

const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const;

/** A copy with the profile: what the file must mean in the end. */
function documentWith(document: Document.Parsed, name: string, profile: ProfileFile): Document {
  const copy = document.clone();
  const profiles = copy.get('profiles');
  if (isMap(profiles) && profiles.has(name)) {
    const message = `profile ${name} is there already; change it in waggle.yaml, or give the new one another name`;
    throw new WaggleError('usage', { message });
  }
  if (!isMap(profiles)) copy.set('profiles', copy.createNode({}));
  copy.setIn(['profiles', name], profileNode(copy, profile));
  return copy;
}

/** Lists on one line, as people write them. */
function profileNode(document: Document, profile: ProfileFile): unknown {
  const node = document.createNode(profile);
  if (isMap(node)) for (const { value } of node.items) if (isSeq(value)) value.flow = true;
  return node;
}

function saysTheSame(text: string, wanted: Document): boolean {
  const read = parseDocument(text, { stringKeys: true });
  return read.errors.length === 0 && isDeepStrictEqual(read.toJS(), wanted.toJS());
}

/** Undefined where the profiles are written so that lines cannot be put between. */
function splice(
  text: string,
  document: Document.Parsed,
  name: string,
  profile: ProfileFile,
): string | undefined {
  const { contents } = document;
  if (!isMap(contents) || contents.flow === true) return undefined;
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'profiles');
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const rendered = (indent: string): string => {
    const lines = renderedLines(name, profile).map((line) => `${indent}${line}${newline}`);
    return lines.join('');
  };
  if (pair === undefined) {
    const gap = text === '' || text.endsWith('\n') ? '' : newline;
    return `${text}${gap}${newline}profiles:${newline}${rendered('  ')}`;
  }
  const { value } = pair;
  if (!isMap(value) || value.flow === true) return undefined;
  const indent = indentOf(text, value);
  const end = endOf(value);
  if (indent === undefined || end === undefined) return undefined;
  const at = behindOwnComments(text, lineEnd(text, end), indent.length);
  const gap = text.slice(0, at).endsWith('\n') ? '' : newline;
  return `${text.slice(0, at)}${gap}${rendered(indent)}${text.slice(at)}`;
}

function renderedLines(name: string, profile: ProfileFile): string[] {
  const document = new Document({ [name]: {} });
  document.set(name, profileNode(document, profile));
  return document.toString(LAYOUT).trimEnd().split('\n');
}

/** The white space before the first profile's name. */
function indentOf(text: string, map: YAMLMap): string | undefined {
  const start = (map.items[0]?.key as Scalar | undefined)?.range?.[0];
  if (start === undefined) return undefined;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^ +$/.test(before) ? before : undefined;
}

/** Where the last word of a node ends: a block's own range holds the comments behind it, up to the next key. */
function endOf(node: unknown): number | undefined {
  if (isMap(node) && node.flow !== true && node.items.length > 0) {
    const last = node.items.at(-1);
    return endOf(last?.value) ?? endOf(last?.key);
  }
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1));
  return isNode(node) ? node.range?.[1] : undefined;
}

function lineEnd(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline + 1;
}

/** Comments that are indented more than a profile's name belong to the profile above them. */
function behindOwnComments(text: string, start: number, indent: number): number {
  let at = start;
  for (;;) {
    const line = text.slice(at, lineEnd(text, at + 1));
    const own = /^( +)#/.exec(line)?.[1];
    if (own === undefined || own.length <= indent) return at;
    at += line.length;
  }
}
