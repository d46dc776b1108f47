/**
 * `waggle gc`: removes what nobody needs any more and says what that frees. Each kind has its rules in `gc/`.
 */
import { Command } from 'commander';
import { createBoardClient } from '../../../shared/bus/board-client.ts';
import { count, size } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { freeFiles } from '../gc/files.ts';
import { type Freed, freedRecord, freedText } from '../gc/freed.ts';
import { freeMail } from '../gc/mail.ts';
import type { GcScope } from '../gc/scope.ts';
import { freeJournal, freeSnapshots } from '../gc/snapshots.ts';
import { freeTrees } from '../gc/trees.ts';
import { type OperatorLink, withBuses } from '../operator-buses.ts';
import { outputOf, type Session } from '../session.ts';

const kinds = ['worktrees', 'files', 'mail', 'snapshots', 'journal'] as const;
type Wanted = (typeof kinds)[number];

interface Flags extends Partial<Record<Wanted, true>> {
  readonly dryRun?: true;
  readonly days: number;
  readonly maxMail?: number;
  readonly json?: true;
}

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 10_000;

const NOTES = `
Without a kind: all but the journal. What a running worker uses, work that is stored nowhere, files that a task names
and mail that the orchestrator has not read always stay.

Examples:
  waggle gc --dry-run
  waggle gc --worktrees
  waggle gc --mail --files --days 30
  waggle gc --mail --max-mail 500MiB`;

/** `waggle gc`. */
export const build: CommandModule['build'] = (session) =>
  new Command('gc')
    .description('remove what nobody needs any more, and say what that frees')
    .option('--dry-run', 'only say what would go')
    .option('--days <count>', 'what is younger stays (files: at least a day)', count, 14)
    .option('--worktrees', 'trees and run folders of agents that do not run, on this machine')
    .option('--files', 'files on the bus that no task names')
    .option('--mail', 'old mail')
    .option('--snapshots', 'snapshots older than the two newest')
    .option('--journal', 'the journal before the older of two good snapshots: its history is gone then')
    .option('--max-mail <size>', 'the oldest mail too, whatever its age, until so much is left', size)
    .option('--json', 'answer in JSON')
    .addHelpText('after', NOTES)
    .action(async (flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const isDry = flags.dryRun === true;
      const freed = await withBuses(session, (link) => free(session, link, flags, isDry));
      output.answer(freedRecord(freed, isDry), () => freedText(freed, isDry, output.paint));
    });

async function free(
  { signal }: Session,
  { context, agent, core, swarm }: OperatorLink,
  flags: Flags,
  isDry: boolean,
): Promise<Freed[]> {
  const { project, clock, stateRoot } = context;
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: TIMEOUT_MS });
  const asked = kinds.filter((kind) => flags[kind] === true);
  const wanted = new Set<Wanted>(asked.length > 0 ? asked : kinds.filter((kind) => kind !== 'journal'));
  const now = clock.now();
  const before = now - flags.days * DAY_MS;
  const scope: GcScope = { core, swarm, project, client, before, isDry, signal };
  const freed: Freed[] = [];
  if (wanted.has('worktrees')) {
    const { grants } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    const liveRuns = new Set(grants.map(({ run }) => run));
    freed.push(...(await freeTrees({ stateRoot, liveRuns, before, isDry, signal })));
  }
  if (wanted.has('files')) freed.push(await freeFiles({ ...scope, before: Math.min(before, now - DAY_MS) }));
  if (wanted.has('mail'))
    freed.push(await freeMail(scope, flags.maxMail === undefined ? {} : { maxBytes: flags.maxMail }));
  if (wanted.has('snapshots')) freed.push(await freeSnapshots(scope));
  if (wanted.has('journal')) freed.push(await freeJournal(scope));
  return freed;
}
