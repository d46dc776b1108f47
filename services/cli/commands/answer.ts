/**
 * `waggle answer`: a person's word to whoever asked. To a task that asked or is blocked it is attached, and the
 * task opens again; to a mail of the inbox it goes back to the sender. What the id means is in asked.ts.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import type { StoredMail, TaskView } from '../../../schemas/index.ts';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import { mailId } from '../../../shared/mail/message-id.ts';
import { randomId } from '../../../shared/random.ts';
import { type Asked, findAsked } from '../asked.ts';
import type { CommandModule } from '../command-module.ts';
import { checkBody, sendMessage } from '../mail-sending.ts';
import type { Output } from '../output.ts';
import { outputOf, type ProjectLink, type Session, withProject } from '../session.ts';

interface Flags {
  readonly file?: string;
  readonly json?: true;
}

/** `waggle answer ID TEXT`. */
export const build: CommandModule['build'] = (session) =>
  new Command('answer')
    .description('answer a task that asked, or a mail of the inbox')
    .argument(
      '<id>',
      'a task (or a beginning of its id that no other has), or a mail as `waggle inbox` shows it',
    )
    .argument('[text...]', 'the answer (default: -f, or standard input)')
    .option('-f, --file <file>', 'read the answer from a file; - for standard input')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle answer parser-7 "keep the old name"\n  waggle answer 20260301-091500-0042 -f reply.md\n  git diff | waggle answer parser-7',
    )
    .action(async (id: string, words: readonly string[], flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const answer = checkBody(await readAnswer(session, words, flags.file));
      await withProject(session, async (link) => {
        const asked = await findAsked(link, id, session.signal);
        await give(link, asked, answer, output, session.signal);
      });
    });

async function readAnswer(
  { stdin }: Session,
  words: readonly string[],
  file: string | undefined,
): Promise<string> {
  if (words.length > 0 && file !== undefined) {
    throw new WaggleError('usage', { message: 'expected the answer as text or with --file, got both' });
  }
  if (words.length > 0) return words.join(' ');
  const isStdin = file === undefined || file === '-';
  if (isStdin && stdin.isTTY) {
    const message = 'expected an answer: give its text, -f FILE, or pipe it in';
    throw new WaggleError('usage', { message });
  }
  const found = isStdin ? await text(stdin) : await readText(file);
  return found.replace(/\r?\n$/, '');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new WaggleError('usage', { message: `${file}: ${messageOf(error)}` }, { cause: error });
  }
}

function give(link: ProjectLink, asked: Asked, text: string, output: Output, signal: AbortSignal) {
  return 'view' in asked
    ? answerTask(link, asked.view, text, output, signal)
    : answerMail(link, asked.mail, text, output);
}

/** As long as an answer that is attached to a task may be. */
const ANSWER_LIMIT = 8_000;

async function answerTask(
  { client }: ProjectLink,
  { task }: TaskView,
  text: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if (text.length > ANSWER_LIMIT) {
    const message = `an answer to a task has at most ${ANSWER_LIMIT} characters, this one has ${text.length}; put the rest where the task can read it`;
    throw new WaggleError('usage', { message });
  }
  const answer = await client.command({ v: 1, kind: 'answer', id: randomId(), task: task.id, text }, signal);
  if (answer.status === 'refused') {
    throw new WaggleError('refused', { message: answer.message ?? 'refused', reason: answer.code });
  }
  const state = answer.tasks?.find(({ id }) => id === task.id)?.state ?? task.state;
  output.answer({ answered: 'task', task: task.id, state }, () =>
    state === 'open' && task.state === 'blocked'
      ? `${task.id} is open again, with the answer attached`
      : `the answer is attached to ${task.id}, which is ${state}: its next try reads it`,
  );
}

async function answerMail(
  link: ProjectLink,
  { seq, from, mail }: StoredMail,
  text: string,
  output: Output,
): Promise<void> {
  const replyTo = mailId(mail.at, seq);
  const sent = await sendMessage(link, { kind: 'agent', name: from }, text, { reply_to: replyTo });
  const id = mailId(sent.mail.at, sent.seq);
  output.answer({ answered: 'mail', id, to: `@${from}`, reply_to: replyTo }, () => `${id} sent to @${from}`);
}
