/**
 * `waggle import sv LOG`: the tasks of another tracker, onto the board.
 */
import { Command, Option } from 'commander';
import type { Expects } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import { TrackerRecords } from '../../../shared/tracker-log/records.ts';
import { planImport } from '../../../shared/tracker-log/specs.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { importRecord, importText } from '../import-text.ts';
import { progressLine } from '../progress-line.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { importTasks } from '../tracker-import.ts';
import { readTrackerLog } from '../tracker-log-file.ts';

interface Flags {
  readonly lane?: string;
  readonly expects?: Expects;
  readonly dryRun?: true;
  readonly json?: true;
}

const HELP = `
What the log's last word on each task is comes along: title, body, priority, parent, blockers (as deps), epic and
project (as labels \`epic:ID\`, \`project:ID\`), comments (at the end of the body), and that it is closed. A task in
progress comes open: nobody here has it. Ids become lower case. Who closed a task, and when, stands in its note; on the
board it is you who adds and closes, the log's actors get no names here.

Events that stand twice, lines that cannot be read and events that nobody knows are left out and told. Repeating an
import is safe: what is on the board is not added again, nor changed.

Examples:
  waggle import sv .tasks/tasks.jsonl --dry-run
  waggle import sv .tasks/tasks.jsonl --lane main
  waggle replay sv .tasks/tasks.jsonl           # what the board would have refused`;

/** While an import takes that long, no worker takes a task that is about to be closed. */
const CLOSING_MS = 3_600_000;

/** `waggle import`. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('import')
    .description('bring the tasks of another tracker onto the board')
    .addHelpText('after', HELP)
    .addCommand(
      new Command('sv')
        .description('the tasks of a log of the sv tracker')
        .argument('<log>', "the tracker's log, such as .tasks/tasks.jsonl, or - for standard input")
        .option('--lane <lane>', 'the lane they go to', agentName)
        .addOption(
          new Option('--expects <what>', 'what a run of them should end in').choices([
            'change',
            'none',
            'any',
          ]),
        )
        .option('--dry-run', 'say what would be added, and add nothing')
        .option('--json', 'answer in JSON')
        .addHelpText('after', HELP)
        .action(async (log: string, flags: Flags) => exit(await importLog(session, log, flags))),
    );

async function importLog(session: Session, log: string, flags: Flags): Promise<number> {
  const { lane, expects, dryRun = false, json = false } = flags;
  const output = outputOf(session, { json });
  const records = new TrackerRecords();
  const reading = await readTrackerLog(session, log, (event) => records.apply(event), {
    showsProgress: !json,
  });
  const plan = planImport(records.tasks(), {
    ...(lane === undefined ? {} : { lane }),
    ...(expects === undefined ? {} : { expects }),
    closedNotBefore: systemClock.now() + CLOSING_MS,
  });
  const progress = progressLine(session.stderr, !json, systemClock);
  const { signal } = session;
  const imported = await withProject(session, async ({ client, agent }) => {
    const onProgress = (text: string) => progress.show(text);
    try {
      return await importTasks(plan.tasks, { client, agent, signal, dryRun, onProgress });
    } finally {
      progress.clear();
    }
  });
  const answer = { file: log, plan, imported, fold: records.report(), reading, isDryRun: dryRun };
  output.answer(importRecord(answer), () => importText(answer));
  return imported.left_open.length === 0 ? 0 : 1;
}
