/**
 * `fmail send`: stores one mail and prints its id once the bus has it.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Mail } from '../../../schemas/index.ts';
import { INLINE_TEXT_LIMIT, LINE_LIMIT } from '../../../schemas/limits.ts';
import { sendMail } from '../../../shared/bus/mailbox.ts';
import type { MailTarget } from '../../../shared/bus/subjects.ts';
import { isWaggleError, messageOf, WaggleError } from '../../../shared/errors.ts';
import { randomId } from '../../../shared/random.ts';
import { outputOf, type ProjectLink, type Session, withProject } from '../session.ts';
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
      const stored = await withProject(session, async (link) => {
        const mail: Mail = {
          v: 1,
          id: randomId(),
          kind: 'message',
          at: link.context.clock.now(),
          body,
          host: hostname().slice(0, LINE_LIMIT) || 'unknown',
          ...fields,
        };
        return { seq: await store(link, to, mail), from: link.agent, to, mail };
      });
      const record = mailRecord({ ...stored, to: { kind: to.kind, name: to.name } });
      output.answer(record, () => record.id);
    });

const TRIES = 3;

/** Sends again where the outcome is unknown: the mail's own id makes that safe. */
async function store({ swarm, context, agent }: ProjectLink, to: MailTarget, mail: Mail): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendMail(swarm, context.project, agent, to, mail);
    } catch (error) {
      if (attempt >= TRIES || !isWaggleError(error) || !error.retryable) throw error;
    }
  }
}

function readFields({ replyTo, priority, tag = [] }: Flags): Pick<Mail, 'reply_to' | 'priority' | 'tags'> {
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
  if (body.trim() === '') throw new WaggleError('usage', { message: 'message body is required' });
  const bytes = Buffer.byteLength(body);
  if (bytes > INLINE_TEXT_LIMIT) {
    const told = `message exceeds the limit of ${INLINE_TEXT_LIMIT / 1024} KiB: it has ${bytes} bytes; put it in a file and send its path`;
    throw new WaggleError('mail-invalid', { message: told });
  }
  return body;
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
