/**
 * `waggle backup`: the whole project as one file, while it works.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { backupStreams } from '../../../shared/backup/container.ts';
import { takeBackup } from '../../../shared/backup/take.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { formatBytes } from '../byte-text.ts';
import type { CommandModule } from '../command-module.ts';
import { withBuses } from '../operator-buses.ts';
import { progressLine } from '../progress-line.ts';
import { outputOf } from '../session.ts';
import { iso } from '../tracker-record.ts';

interface Flags {
  readonly force?: true;
  readonly json?: true;
}

/** `waggle backup FILE`. */
export const build: CommandModule['build'] = (session) =>
  new Command('backup')
    .description("write the project's journal, snapshots, mail and files into one file, while it works")
    .argument('<file>', 'the file to write; it appears when it is whole')
    .option('--force', 'write over a file that is there')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nNot in it: repositories, harness output, and what workers keep on their machines. Do not run `waggle gc` meanwhile.\n\nExamples:\n  waggle backup monday.waggle\n  waggle restore monday.waggle',
    )
    .action(async (name: string, { force, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const file = resolve(session.folder, name);
      if (existsSync(file) && force !== true) {
        throw new WaggleError('usage', { message: `${name} exists; --force writes over it` });
      }
      const taken = await withBuses(session, async ({ context, core, swarm }) => {
        const line = progressLine(session.stderr, json !== true, context.clock);
        const { project, clock } = context;
        const onProgress = (stream: string, done: number) => line.show(`${stream}: ${done}`);
        try {
          return await takeBackup({ core, swarm, project, file, clock, onProgress }, session.signal);
        } finally {
          line.clear();
        }
      });
      const { header, summary, bytes } = taken;
      const { project, journal_seq, created_at } = header;
      const answer = { file, bytes, project, journal_seq, created_at: iso(created_at), streams: summary };
      output.answer(answer, () => {
        const parts = backupStreams.map((stream) => `${summary[stream].messages} of ${stream}`);
        return `${name}: project ${project} up to batch ${journal_seq}, ${formatBytes(bytes)} (messages: ${parts.join(', ')})`;
      });
    });
