/**
 * The table of `fmail`'s commands: the seed's here, ours in more-commands.ts. Parser, help, completion and robot help
 * are made from it. It must stay light: each command's own file is loaded when it runs.
 */
import type { ArgumentRow, CommandRow, FlagRow } from './command-row.ts';
import { moreCommands } from './more-commands.ts';

export const jsonFlag: FlagRow = { name: 'json', summary: 'Output as JSON' };

const target: ArgumentRow = {
  name: 'topic|@agent',
  summary: 'Topic, or @agent for direct messages (default: all topics)',
  completes: 'target',
};

const logFlags: readonly FlagRow[] = [
  { name: 'limit', short: 'n', value: 'count', summary: 'Max messages to show, 0 for all (default: 20)' },
  {
    name: 'since',
    value: 'time',
    summary:
      'Only from then on (1h30m, 3.5d, now, 2026-03-01, 2026-03-01T09:00:00Z), or from that message id on',
  },
  { name: 'from', value: 'agent', summary: 'Filter by sender' },
  { name: 'follow', short: 'f', summary: 'Go on with what comes, until Ctrl-C' },
  { name: 'json', summary: 'Output as JSON Lines' },
];

const seedCommands: readonly CommandRow[] = [
  {
    name: 'log',
    aliases: ['logs'],
    summary: 'View recent messages',
    arguments: [target],
    flags: logFlags,
    examples: [
      'fmail log',
      'fmail log task -n 5',
      'fmail log @reviewer --since 1h --json',
      'fmail log task -f',
    ],
    json: { shape: 'MailRecord', form: 'lines' },
    load: () => import('./commands/log.ts'),
  },
  {
    name: 'messages',
    summary: 'View all public messages (topics and direct messages)',
    flags: logFlags,
    examples: ['fmail messages', 'fmail messages --since 2h --from alice', 'fmail messages -f --json'],
    json: { shape: 'MailRecord', form: 'lines' },
    load: () => import('./commands/messages.ts'),
  },
  {
    name: 'register',
    summary: 'Request a unique agent name',
    arguments: [{ name: 'name', summary: 'The name (default: one that nobody has)' }],
    flags: [jsonFlag],
    examples: ['fmail register', 'fmail register agent-42'],
    json: { shape: 'WhoRecord', form: 'object' },
    load: () => import('./commands/register.ts'),
  },
  {
    name: 'send',
    summary: 'Send a message to a topic or agent',
    arguments: [
      {
        name: 'topic|@agent',
        summary: 'Topic, or @agent for a direct message',
        isRequired: true,
        completes: 'target',
      },
      { name: 'message', summary: 'Message body, text or JSON (default: --file, or what is piped in)' },
    ],
    flags: [
      { name: 'file', short: 'f', value: 'file', summary: 'Read message body from file' },
      { name: 'reply-to', short: 'r', value: 'id', summary: 'Reference a previous message ID' },
      {
        name: 'priority',
        short: 'p',
        value: 'priority',
        summary: 'Set priority (low, normal, high)',
        values: ['low', 'normal', 'high'],
      },
      {
        name: 'tag',
        short: 't',
        value: 'tag',
        summary: 'Add tag (repeatable, comma-separated)',
        isList: true,
      },
      {
        name: 'ack-required',
        summary: 'Ask to be acknowledged; tells you when that does not happen in time',
      },
      { name: 'deadline', value: 'duration', summary: 'In what time (default: 10m); implies --ack-required' },
      { name: 'json', summary: 'Output the message as JSON' },
    ],
    examples: [
      'fmail send task "implement auth"',
      'fmail send @reviewer "please check PR #42" -p high',
      'fmail send docs -f README.md',
      'git diff | fmail send review',
      'fmail send @lead "may I drop the table?" --ack-required --deadline 5m',
    ],
    json: { shape: 'MailRecord', form: 'object' },
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'status',
    summary: 'Show or set your status',
    arguments: [{ name: 'message', summary: 'The new status (default: print the one you have)' }],
    flags: [{ name: 'clear', summary: 'Have no status' }],
    examples: ['fmail status', 'fmail status "working on auth"', 'fmail status --clear'],
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'topics',
    aliases: ['topic'],
    summary: 'List topics with activity',
    flags: [jsonFlag],
    examples: ['fmail topics', 'fmail topics --json'],
    json: { shape: 'TopicRecord', form: 'array' },
    load: () => import('./commands/topics.ts'),
  },
  {
    name: 'watch',
    summary: 'Stream messages as they arrive',
    arguments: [target],
    flags: [
      {
        name: 'count',
        short: 'c',
        value: 'count',
        summary: 'Exit after so many messages (default: 0, never)',
      },
      { name: 'timeout', value: 'duration', summary: 'Exit after that time (default: 0, never)' },
      { name: 'json', summary: 'Output as JSON Lines' },
    ],
    examples: ['fmail watch', 'fmail watch task', 'fmail watch @reviewer --count 1 --timeout 2m'],
    json: { shape: 'MailRecord', form: 'lines' },
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'who',
    summary: 'List known agents',
    flags: [jsonFlag],
    examples: ['fmail who', 'fmail who --json'],
    json: { shape: 'WhoRecord', form: 'array' },
    load: () => import('./commands/who.ts'),
  },
];

/** Every command, by name. */
export const commands: readonly CommandRow[] = [...seedCommands, ...moreCommands].toSorted((a, b) =>
  a.name < b.name ? -1 : 1,
);

/** The command of that name or alias. */
export function findCommand(name: string): CommandRow | undefined {
  return commands.find((row) => row.name === name || row.aliases?.includes(name) === true);
}
