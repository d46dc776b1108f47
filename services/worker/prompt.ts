/**
 * What the harness is told: the task, what earlier tries left, and where it works. Pure text.
 */
import type { Attachment, TaskGrant } from '../../schemas/index.ts';

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

const nothing: EarlierWork = { rescues: new Map() };

/**
 * The task's own words first and untouched, so that a simple tool may read them as they are. `mail`: the section of
 * unread mail (`mailDigest`), which comes last because it is not the operator's.
 */
export function composePrompt(grant: TaskGrant, earlier: EarlierWork = nothing, mail?: string): string {
  const parts = [grant.body ?? grant.title];
  if (earlier.resumed !== undefined) parts.push(resumedSection(earlier.resumed));
  if (grant.note !== undefined) parts.push(section('Progress so far', grant.note));
  for (const attachment of grant.attachments) {
    parts.push(section(titles[attachment.kind], attachmentText(attachment, earlier)));
  }
  if (mail !== undefined) parts.push(mail);
  return `${parts.join('\n\n').trimEnd()}\n`;
}

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
