/**
 * `waggle export sv`: the board's tasks as a log of another tracker.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import { trackerLines } from '../../../shared/tracker-log/export.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { fetchTasks } from './task/listing.ts';

interface Flags {
  readonly output?: string;
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
One event a line, as sv writes them: created, epic, project, parent and blockers, started, comments, closed. The same
task gives the same event ids, and sv merges by these, so exporting twice is safe. sv knows open, in_progress and closed:
a cancelled task is closed there, a failed or blocked one open, each with a comment.

Examples:
  waggle export sv > tasks.jsonl
  waggle export sv --output tasks.jsonl --json`;

/** `waggle export`. */
export const build: CommandModule['build'] = (session) =>
  new Command('export')
    .description("write the board's tasks for another tracker")
    .addHelpText('after', HELP)
    .addCommand(
      new Command('sv')
        .description('as a log of the sv tracker')
        .option('-o, --output <file>', 'a file to write instead of standard output')
        .option('--force', 'write over a file that is there')
        .option('--json', 'say in JSON what was written (with --output)')
        .addHelpText('after', HELP)
        .action((flags: Flags) => exportLog(session, flags)),
    );

async function exportLog(session: Session, { output: name, force, json }: Flags): Promise<void> {
  if (json === true && name === undefined) {
    throw new WaggleError('usage', { message: 'the log itself is JSON: --json goes with --output FILE' });
  }
  const output = outputOf(session, { json: json === true });
  const views = await withProject(session, ({ client }) => fetchTasks(client, {}, session.signal));
  const createdAt = new Map(views.map(({ task }) => [task.id, task.created_at]));
  const lines = views
    .toSorted((one, other) => one.task.created_at - other.task.created_at)
    .flatMap(({ task }) => trackerLines(task, (id) => createdAt.get(id)));
  if (name === undefined) {
    for (const line of lines) session.stdout.write(`${line}\n`);
    return;
  }
  const text = lines.map((line) => `${line}\n`).join('');
  try {
    await writeFile(resolve(session.folder, name), text, { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const message = isThere
      ? `${name} exists; --force writes over it`
      : `cannot write ${name}: ${messageOf(error)}`;
    throw new WaggleError('usage', { message }, { cause: error });
  }
  const answer = { file: name, tasks: views.length, events: lines.length };
  output.answer(answer, () => `${name}: ${answer.tasks} tasks as ${answer.events} events`);
}
