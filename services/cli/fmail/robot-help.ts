/**
 * The help for machines: one object, made from the command table. Keys are only ever added, never renamed or taken
 * away, and what is a text or a list stays one: prompts and scripts hang on them. Pure.
 */
import { errorTable } from '../../../shared/errors.ts';
import { VERSION } from '../../../shared/version.ts';
import type { CommandRow, FlagRow } from './command-row.ts';
import { usageOf } from './help.ts';
import { robotSchemas } from './robot-schemas.ts';

const exitCodes = {
  '0': 'ok; also the end of a watch by its count, its timeout or Ctrl-C',
  '1': 'failure: the bus, an unknown message or command, a name or body that is not allowed',
  '2': 'usage: a flag or argument that is missing, unknown or malformed',
};

/** Those that somebody who sends and reads mail can meet. */
const errorCodes = [
  'usage',
  'mail-invalid',
  'mail-unknown',
  'name-taken',
  'project-mismatch',
  'bus-unknown',
  'bus-unreachable',
  'bus-timeout',
  'no-responder',
  'socket-closed',
] as const;

/** The robot help for these commands. */
export function robotHelp(rows: readonly CommandRow[]): Readonly<Record<string, unknown>> {
  return {
    name: 'fmail',
    version: VERSION,
    description: 'Mail between agents: topics for everybody, @names for one, with proof of delivery',
    setup: 'export FMAIL_AGENT=<your-name>   # optional inside a run: the worker sets it',
    commands: {
      ...Object.fromEntries(rows.map((row) => [row.name, commandHelp(row)])),
      help: {
        usage: 'fmail help [command]',
        flags: [],
        options: {},
        examples: ['fmail help', 'fmail help send'],
        description: 'Help about any command',
        exit_codes: [0, 1],
      },
    },
    patterns: {
      request_response: [
        'id=$(fmail send @reviewer "please look at src/auth.ts" --ack-required --deadline 10m)',
        'fmail watch @$FMAIL_AGENT --count 1 --timeout 10m --json',
        'fmail trace $id',
      ],
      broadcast: 'fmail send status "starting on auth"',
      coordinate: [
        'fmail inbox --unread --json',
        'fmail read <id>',
        'fmail ack <id>',
        'fmail send task "taking src/auth" --reply-to <id>',
        'fmail who --json',
      ],
    },
    env: {
      FMAIL_AGENT: 'Your name (default: anon-<pid>)',
      FMAIL_PROJECT:
        'The project (default: waggle.yaml, .fmail/project.json, the bus, the git remote, the folder)',
      FMAIL_ROOT: 'The project folder, with .fmail/ and .waggle/ (default: searched upward)',
      FMAIL_SESSION: 'Whose a registered name is, where two sessions share a folder',
      WAGGLE_SOCKET: 'The socket of a run; mail goes over it where it is set',
      WAGGLE_NATS_URL:
        'The bus (default: .waggle/bus.json of FMAIL_ROOT, of the folder or upward, or of the main working tree)',
    },
    message_format: {
      id: 'YYYYMMDD-HHMMSS-NNNN; NNNN is the sequence in the project, and the order of messages',
      from: 'The agent that sent it; nobody can send as another',
      to: 'A topic, or @agent',
      time: 'RFC 3339, by the clock of the sender',
      body: 'Text, or any JSON; a text that is JSON becomes it',
      reply_to: 'The id of the message it answers (optional)',
      priority: 'low, normal or high (optional)',
      host: 'Where it was sent (optional)',
      tags: 'At most 10, of at most 50 letters, digits and dashes (optional)',
      kind: 'notice or report for what Waggle itself writes (optional)',
      ack_within_ms: 'How soon the sender wants to be acknowledged (optional)',
      limit: 'At most 1 MiB, printed as JSON',
    },
    storage: 'The MAIL stream of the project, in the order of their sequences; kept until `fmail gc`',
    visibility: 'Direct messages are public: anybody may read them',
    exit_codes: exitCodes,
    errors: Object.fromEntries(
      errorCodes.map((code) => {
        const { exitCode, retryable, message } = errorTable[code];
        return [code, { exit_code: exitCode, retryable, message }];
      }),
    ),
    schemas: robotSchemas,
  };
}

function commandHelp(row: CommandRow): Readonly<Record<string, unknown>> {
  const { aliases, summary, examples, flags = [], json } = row;
  const args = row.arguments ?? [];
  return {
    usage: usageOf(row),
    ...(aliases === undefined ? {} : { aliases }),
    ...(args.length === 0
      ? {}
      : { arguments: Object.fromEntries(args.map((one) => [one.name, one.summary])) }),
    flags: flags.map(flagName),
    options: Object.fromEntries(flags.map((flag) => [flagName(flag), flag.summary])),
    examples,
    description: summary,
    exit_codes: [0, 1, 2],
    ...(json === undefined ? {} : { json }),
  };
}

/** `-r, --reply-to <id>`. */
function flagName({ name, short, value }: FlagRow): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
}
