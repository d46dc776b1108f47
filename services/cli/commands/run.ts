/**
 * `waggle run show`: one run with its grant's events, its checkpoint and commit, and where its output is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Checkpoint, RunRecord } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { CommandModule } from '../command-module.ts';
import { fenceOf, type JournalEvent } from '../event-words.ts';
import { findRun } from '../run-listing.ts';
import { notedOf } from '../run-note.ts';
import { type WholeRun, wholeRunRecord, wholeRunText } from '../run-text.ts';
import { outputOf, type ProjectLink, withProject } from '../session.ts';
import { readHistory } from './task/history.ts';

interface Flags {
  readonly json?: true;
}

/** `waggle run show RUN`. */
export const build: CommandModule['build'] = (session) =>
  new Command('run').description('show one run').addCommand(
    new Command('show')
      .description('show everything about one run')
      .argument('<run>', 'its fence, its id, or a beginning of that')
      .option('--json', 'answer in JSON')
      .addHelpText('after', '\nExamples:\n  waggle run show 42\n  waggle run show kx3v9q0a1b2c-42')
      .action(async (wanted: string, { json }: Flags) => {
        const output = outputOf(session, { json: json === true });
        const { signal } = session;
        const whole = await withProject(session, async (link) =>
          wholeRun(link, await findRun(link.client, wanted, signal), signal),
        );
        output.answer(wholeRunRecord(whole), () => wholeRunText(whole, systemClock.now(), output.paint));
      }),
  );

async function wholeRun(
  { client, context }: ProjectLink,
  run: RunRecord,
  signal: AbortSignal,
): Promise<WholeRun> {
  const { fence, task, agent } = run;
  const isBegin = (one: { type: string; grant?: { fence: number } }) =>
    one.type === 'granted' && one.grant?.fence === fence;
  const history = await readHistory(client, task, signal, isBegin);
  const events = history.events.filter(({ event }) => fenceOf(event) === fence);
  const checkpoint = newestCheckpoint(events);
  const stateDir = join(context.stateRoot, 'agents', agent);
  const folder = ifThere(join(stateDir, 'runs', run.run));
  const ledger = ifThere(join(stateDir, 'ledger.md'));
  return {
    run,
    noted: notedOf(run, events),
    events,
    isWhole: events.some(({ event }) => isBegin(event)),
    log: `waggle logs ${task} --run ${run.run}`,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(folder === undefined ? {} : { folder }),
    ...(ledger === undefined ? {} : { ledger }),
  };
}

function newestCheckpoint(events: readonly JournalEvent[]): Checkpoint | undefined {
  const found = events.flatMap(({ event }) => {
    if (event.type === 'checkpointed') return [event.checkpoint];
    return event.type === 'grant_ended' && event.checkpoint !== undefined ? [event.checkpoint] : [];
  });
  return found.reduce<Checkpoint | undefined>(
    (newest, one) => (newest === undefined || one.number >= newest.number ? one : newest),
    undefined,
  );
}

const ifThere = (path: string): string | undefined => (existsSync(path) ? path : undefined);
