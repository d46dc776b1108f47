/**
 * `fmail send`: stores one mail and prints its id once the bus has it.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { LINE_LIMIT } from '../../../schemas/limits.ts';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import { checkBody, type MailFields, sendMessage } from '../mail-sending.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { addListTo } from '../task-filter.ts';
import { mailRecord } from './mail-record.ts';
import { readTags, readTarget } from './target.ts';

interface Flags {
  readonly file?: string;
  readonly replyTo?: string;
  readonly priority?: string;
  readonly tag?: readonly string[];
  readonly json?: boolean;
}

export const sendCommand = (session: Session): Command =>
  new Command('send')
    .description('send a message to a topic or to @agent')
    .argument('<topic|@agent>', 'where it goes')
    .argument('[message]', 'its text (default: -f, or standard input)')
    .option('-f, --file <file>', 'read the message from a file')
    .option('-r, --reply-to <id>', 'the id of the message it answers')
    .option('-p, --priority <priority>', 'low, normal or high')
    .option('-t, --tag <tag>', 'a tag; repeat it, or use commas', addListTo)
    .option('--json', 'print the message as JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  fmail send task 'taking the parser'\n  fmail send @alice -f notes.md\n  git diff | fmail send review",
    )
    .action(async (targetText: string, message: string | undefined, flags: Flags) => {
      const output = outputOf(session, flags, 'fmail');
      const to = readTarget(targetText);
      const fields = readFields(flags);
      const body = await readBody(session, message, flags.file);
      const stored = await withProject(session, async (link) => ({
        ...(await sendMessage(link, to, body, fields)),
        from: link.agent,
        to,
      }));
      const record = mailRecord({ ...stored, to: { kind: to.kind, name: to.name } });
      output.answer(record, () => record.id);
    });

function readFields({ replyTo, priority, tag = [] }: Flags): MailFields {
  const reply = replyTo?.trim();
  if (reply !== undefined && (reply === '' || reply.length > LINE_LIMIT)) {
    throw new WaggleError('mail-invalid', { message: '--reply-to: expected the id of a message' });
  }
  const wanted = priority?.trim().toLowerCase();
  if (wanted !== undefined && wanted !== 'low' && wanted !== 'normal' && wanted !== 'high') {
    const message = `invalid priority ${JSON.stringify(priority)}: expected low, normal or high`;
    throw new WaggleError('mail-invalid', { message });
  }
  const tags = readTags(tag);
  return {
    ...(reply === undefined ? {} : { reply_to: reply }),
    ...(wanted === undefined ? {} : { priority: wanted }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

async function readBody(
  session: Session,
  message: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (message !== undefined && file !== undefined) {
    throw new WaggleError('usage', { message: 'expected a message or --file, got both' });
  }
  const body = message ?? (file === undefined ? await piped(session) : await readText(file));
  return checkBody(body);
}

/** What a pipe or a file hands over; nothing from a terminal. The line break at its end is not the message's. */
async function piped({ stdin }: Session): Promise<string> {
  return stdin.isTTY ? '' : (await text(stdin)).replace(/\r?\n$/, '');
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new WaggleError('mail-invalid', { message: `${file}: ${messageOf(error)}` }, { cause: error });
  }
}
