/**
 * `waggle replay sv LOG`: what the board would have said to a swarm that the tracker let do everything. Needs neither a
 * bus nor a waggle.yaml, and changes nothing.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { DURATION_EXPECTED, parseDuration } from '../../../shared/config/durations.ts';
import { LATE_AFTER_MS, Replay } from '../../../shared/tracker-log/replay.ts';
import type { CommandModule } from '../command-module.ts';
import { replayRecord, replayText, violationsOf } from '../replay-text.ts';
import { outputOf, type Session } from '../session.ts';
import { readTrackerLog } from '../tracker-log-file.ts';

interface Flags {
  readonly takeoverAfter: number;
  readonly blocks: boolean;
  readonly json?: true;
}

const HELP = `
Every start, close, block, parent and change of status of the log goes to a board in memory, as the same actor, in the
same order and with the same gaps in time, as \`waggle task\` would send it. The board's own rules decide. A row says
what the action was in the log, where everything was accepted; on the board the task may still be the first one's, or
wait. \`SO ALREADY\`: nothing had to change. The exit code is 1 when two had a task at once, or one was taken over
early, closed by another, or started while it was closed or blocked.

An actor becomes an agent in lower case, with a dash for each run of other characters than letters, digits and dashes
(\`Codex_B\`: \`codex-b\`); a second actor of the same name gets \`-2\`. One that the log does not name is \`unknown\`.

Examples:
  waggle replay sv .tasks/tasks.jsonl
  waggle replay sv .tasks/tasks.jsonl --no-blocks --takeover-after never
  git show main:.tasks/tasks.jsonl | waggle replay sv - --json`;

/** `waggle replay`. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('replay')
    .description("play another tracker's history against the rules of the board")
    .addHelpText('after', HELP)
    .addCommand(
      new Command('sv')
        .description(
          'a log of the sv tracker: which of its actions the board accepts, and why it refuses the others',
        )
        .argument('<log>', "the tracker's log, such as .tasks/tasks.jsonl, or - for standard input")
        .addOption(
          new Option(
            '--takeover-after <time>',
            "a start of another actor's task asks to take it over when nothing was said of it for so long; never: none does",
          )
            .argParser(silence)
            .default(LATE_AFTER_MS, '45m'),
        )
        .option('--no-blocks', 'leave out what waits for what: only owners and states decide')
        .option('--json', 'answer in JSON')
        .addHelpText('after', HELP)
        .action(async (log: string, flags: Flags) => exit(await replay(session, log, flags))),
    );

async function replay(
  session: Session,
  log: string,
  { takeoverAfter, blocks, json }: Flags,
): Promise<number> {
  const output = outputOf(session, { json: json === true });
  const board = new Replay({ takeoverAfterMs: takeoverAfter, withLinks: blocks });
  const showsProgress = json !== true;
  const reading = await readTrackerLog(session, log, (event) => board.take(event), { showsProgress });
  const result = board.result();
  output.answer(replayRecord(log, result, reading), () => replayText(log, result, reading, output.paint));
  return violationsOf(result.violations) === 0 ? 0 : 1;
}

function silence(text: string): number {
  if (text.trim() === 'never') return Number.POSITIVE_INFINITY;
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`expected ${DURATION_EXPECTED}, or never.`);
  return ms;
}
