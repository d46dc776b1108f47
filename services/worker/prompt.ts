/**
 * What the harness is told, part by part, each with where it comes from: the task or what an operator put in its place,
 * how to work here, the project's own words, scope and gates, what earlier tries left, mail, the operator's messages. Pure
 * text.
 *
 * The task's own words come first and untouched, so that a simple tool may read them as they are; what others wrote comes
 * after what the project says.
 */
import type { Attachment, Gate, TaskGrant } from '../../schemas/index.ts';

/** What became of the newest checkpoint of an earlier try. */
export type Resumed =
  /** Its work is in the tree, uncommitted. */
  | { readonly kind: 'in-tree'; readonly ref: string }
  /** It does not fit onto the branch any more: the tree is without it. */
  | { readonly kind: 'conflict'; readonly ref: string; readonly files: readonly string[] }
  | { readonly kind: 'lost'; readonly reason: string };

/** What of earlier tries the run's repository holds. */
export interface EarlierWork {
  readonly resumed?: Resumed;
  /** By fence. */
  readonly rescues: ReadonlyMap<number, { readonly ref: string } | { readonly reason: string }>;
}

/** One part of a prompt: what it is, where it comes from, and its text. */
export interface PromptPiece {
  readonly part:
    | 'task'
    | 'override'
    | 'protocol'
    | 'context'
    | 'scope'
    | 'resumed'
    | 'note'
    | 'attachment'
    | 'mail'
    | 'operator';
  readonly source: string;
  readonly text: string;
}

/** A text that was read from somewhere. */
export interface SourcedText {
  readonly source: string;
  readonly text: string;
}

/** An operator's word, as it was given. `at`: RFC 3339. */
export interface SaidByOperator {
  readonly id: string;
  readonly at: string;
  readonly text: string;
}

export interface PromptInput {
  readonly grant: TaskGrant;
  readonly earlier?: EarlierWork;
  /** In the place of the task's own words. */
  readonly override?: SaidByOperator;
  /** How to work here. */
  readonly protocol?: SourcedText;
  /** The project's own words to all its agents. */
  readonly context?: SourcedText;
  /** The section of unread mail (`mailDigest`). */
  readonly mail?: string;
  readonly messages?: readonly SaidByOperator[];
}

const nothing: EarlierWork = { rescues: new Map() };

/** The parts, in the order in which they are told; never empty. */
export function promptPieces(input: PromptInput): PromptPiece[] {
  const { grant, earlier = nothing, override, protocol, context, mail, messages = [] } = input;
  const pieces: PromptPiece[] = [
    override === undefined
      ? { part: 'task', source: `task ${grant.task}`, text: grant.body ?? grant.title }
      : { part: 'override', source: `operator ${override.id}`, text: override.text },
  ];
  if (protocol !== undefined) pieces.push({ part: 'protocol', ...protocol });
  if (context !== undefined) pieces.push({ part: 'context', ...context });
  const scope = scopeSection(grant.paths, grant.gates);
  if (scope !== undefined) pieces.push({ part: 'scope', source: `task ${grant.task}`, text: scope });
  if (earlier.resumed !== undefined) {
    const source =
      grant.checkpoint === undefined ? 'checkpoint' : `checkpoint of fence ${grant.checkpoint.fence}`;
    pieces.push({ part: 'resumed', source, text: resumedSection(earlier.resumed) });
  }
  if (grant.note !== undefined) {
    pieces.push({ part: 'note', source: `task ${grant.task}`, text: section('Progress so far', grant.note) });
  }
  for (const attachment of grant.attachments) {
    const { kind, fence } = attachment;
    const source = fence === undefined ? kind : `${kind} of fence ${fence}`;
    const text = section(titles[kind], attachmentText(attachment, earlier));
    pieces.push({ part: 'attachment', source, text });
  }
  if (mail !== undefined) pieces.push({ part: 'mail', source: 'unread mail', text: mail });
  for (const { id, at, text } of messages) {
    pieces.push({
      part: 'operator',
      source: `operator ${id}`,
      text: section(`Operator Message (${at})`, text),
    });
  }
  return pieces;
}

/** The whole prompt. */
export const promptText = (pieces: readonly PromptPiece[]): string =>
  `${pieces
    .map(({ text }) => text)
    .join('\n\n')
    .trimEnd()}\n`;

const titles = {
  failure: 'An earlier try failed',
  gate: 'An earlier change did not pass its gates',
  conflict: 'An earlier change conflicted with what was committed meanwhile',
  bundle: 'An earlier change was lost',
  loss: 'An earlier worker was lost',
  answer: 'Answer to your question',
  operator: 'Operator message',
  rescue: 'Work that an earlier worker saved late',
} as const;

const section = (title: string, text: string): string => `## ${title}\n\n${text.trimEnd()}`;

const NAMED = 50;

function scopeSection(paths: readonly string[], gates: readonly Gate[]): string | undefined {
  const lines: string[] = [];
  if (paths.length > 0) {
    lines.push(`Change only what lies under: ${listed(paths.map((path) => `\`${path}\``))}.`);
  }
  if (gates.length > 0) {
    const named = gates.map(
      ({ name, run }) => `${name} (\`${typeof run === 'string' ? run : run.join(' ')}\`)`,
    );
    lines.push(`Your change must pass: ${listed(named)}.`);
  }
  return lines.length === 0 ? undefined : section('Scope and gates', lines.join('\n'));
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const FILES_NAMED = 20;

function resumedSection(resumed: Resumed): string {
  switch (resumed.kind) {
    case 'in-tree':
      return section(
        'Work of an earlier try is in your tree',
        `An earlier try at this task did not finish. What it had done stands in the working tree as uncommitted changes (\`git status\`, \`git diff HEAD\`), and as it was in \`${resumed.ref}\`. Check it, keep what is good, and go on from there.`,
      );
    case 'conflict': {
      const more = resumed.files.length - FILES_NAMED;
      const names = resumed.files.slice(0, FILES_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
      const where = names === '' ? '' : ` in ${names}`;
      return section(
        'Work of an earlier try did not fit into your tree',
        `An earlier try at this task did not finish, and what it had done conflicts${where} with what was committed since. Your tree is without it; look at it with \`git log -p HEAD..${resumed.ref}\` and take over what is good.`,
      );
    }
    case 'lost':
      return section(
        'Work of an earlier try is lost',
        `An earlier try at this task did not finish, and what it had stored cannot be used: ${resumed.reason}. Begin from the tree as it is.`,
      );
  }
}

function attachmentText({ text, checkpoint }: Attachment, { rescues }: EarlierWork): string {
  if (checkpoint === undefined) return text;
  const found = rescues.get(checkpoint.fence);
  if (found === undefined) return text;
  return 'ref' in found
    ? `${text}\n\nYour tree is without it; look at it with \`git log -p HEAD..${found.ref}\`.`
    : `${text}\n\nIt cannot be looked at: ${found.reason}`;
}
