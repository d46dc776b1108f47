/**
 * What the harness is told: the task, what earlier tries left, and where it works. Pure text.
 */
import type { TaskGrant } from '../../schemas/index.ts';

/** The task's own words first and untouched, so that a simple tool may read them as they are. */
export function composePrompt(grant: TaskGrant): string {
  const parts = [grant.body ?? grant.title];
  if (grant.note !== undefined) parts.push(section('Progress so far', grant.note));
  for (const { kind, text } of grant.attachments) parts.push(section(titles[kind], text));
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
} as const;

const section = (title: string, text: string): string => `## ${title}\n\n${text.trimEnd()}`;
