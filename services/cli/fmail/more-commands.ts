/**
 * The rows of `fmail`'s commands beyond the seed's, and of those that are not about mail (see commands.ts).
 */
import type { ArgumentRow, CommandRow, FlagRow } from './command-row.ts';

const id: ArgumentRow = {
  name: 'id',
  summary: 'The id of a message, or only its last number',
  isRequired: true,
  completes: 'message',
};
const json: FlagRow = { name: 'json', summary: 'Output as JSON' };
const jsonLines: FlagRow = { name: 'json', summary: 'Output as JSON Lines' };

export const moreCommands: readonly CommandRow[] = [
  {
    name: 'inbox',
    summary: 'List the messages to you, unread first',
    flags: [
      { name: 'limit', short: 'n', value: 'count', summary: 'Max messages to show, 0 for all (default: 20)' },
      { name: 'unread', summary: 'Only those that you have not read' },
      jsonLines,
    ],
    examples: ['fmail inbox', 'fmail inbox --unread -n 5', 'fmail inbox --json'],
    json: { shape: 'InboxRecord', form: 'lines' },
    load: () => import('./commands/inbox.ts'),
  },
  {
    name: 'read',
    summary: 'Print one message whole, and mark it as read if it is to you',
    arguments: [id],
    flags: [json],
    examples: ['fmail read 20260209-120000-0003', 'fmail read 3 --json'],
    json: { shape: 'MailRecord', form: 'object' },
    load: () => import('./commands/read.ts'),
  },
  {
    name: 'ack',
    summary: 'Acknowledge a message: its sender learns that you have seen it',
    arguments: [id],
    flags: [json],
    examples: ['fmail ack 20260209-120000-0003'],
    json: { shape: 'MailRecord', form: 'object' },
    load: () => import('./commands/ack.ts'),
  },
  {
    name: 'trace',
    summary: 'Show what became of a message: stored, delivered, read, acknowledged, overdue, dead',
    arguments: [id],
    flags: [json],
    examples: ['fmail trace 20260209-120000-0003', 'fmail trace 3 --json'],
    json: { shape: 'TraceRecord', form: 'object' },
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'thread',
    summary: 'Print the whole conversation that a message belongs to',
    arguments: [id],
    flags: [jsonLines],
    examples: ['fmail thread 20260209-120000-0003'],
    json: { shape: 'MailRecord', form: 'lines' },
    load: () => import('./commands/thread.ts'),
  },
  {
    name: 'search',
    summary: 'Find messages by their body, sender or tags',
    arguments: [
      { name: 'text', summary: 'What they hold, in any case', isRequired: true },
      {
        name: 'topic|@agent',
        summary: 'Only of this topic, or to this agent (default: everywhere)',
        completes: 'target',
      },
    ],
    flags: [
      { name: 'limit', short: 'n', value: 'count', summary: 'Max messages to show, 0 for all (default: 20)' },
      { name: 'from', value: 'agent', summary: 'Filter by sender' },
      jsonLines,
    ],
    examples: ['fmail search "login form"', 'fmail search parser task -n 5'],
    json: { shape: 'MailRecord', form: 'lines' },
    load: () => import('./commands/search.ts'),
  },
  {
    name: 'dead-letters',
    summary: 'List messages that nobody is there to read',
    flags: [jsonLines],
    examples: ['fmail dead-letters', 'fmail dead-letters --json'],
    json: { shape: 'DeadLetterRecord', form: 'lines' },
    load: () => import('./commands/dead-letters.ts'),
  },
  {
    name: 'redeliver',
    summary: 'Wait anew for the reader of a dead letter, or send it to somebody else',
    arguments: [id],
    flags: [{ name: 'to', value: 'agent', summary: 'Send a copy to this agent instead' }, json],
    examples: ['fmail redeliver 20260209-120000-0003', 'fmail redeliver 3 --to @alice'],
    json: { shape: 'MailRecord', form: 'object' },
    load: () => import('./commands/redeliver.ts'),
  },
  {
    name: 'gc',
    summary: 'Remove old messages that the orchestrator has dealt with',
    flags: [
      { name: 'days', value: 'count', summary: 'What is younger stays (default: 7)' },
      {
        name: 'max-size',
        value: 'size',
        summary: 'Remove the oldest, whatever their age, until so much is left (20MiB)',
      },
      { name: 'dry-run', summary: 'Only say what would go' },
    ],
    examples: ['fmail gc --dry-run', 'fmail gc --days 30', 'fmail gc --max-size 100MiB'],
    load: () => import('./commands/gc.ts'),
  },
  {
    name: 'init',
    summary: 'Write the id of this project into .fmail/project.json',
    flags: [
      {
        name: 'project',
        value: 'id',
        summary: 'The id (default: from waggle.yaml, the git remote or the folder)',
      },
    ],
    examples: ['fmail init', 'fmail init --project my-project'],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell',
    arguments: [
      { name: 'shell', summary: 'bash, zsh or fish', isRequired: true, completes: ['bash', 'zsh', 'fish'] },
    ],
    examples: [
      'source <(fmail completion bash)',
      'fmail completion zsh > ~/.zsh/completions/_fmail',
      'fmail completion fish > ~/.config/fish/completions/fmail.fish',
    ],
    load: () => import('./commands/completion.ts'),
  },
];
