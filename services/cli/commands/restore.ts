/**
 * `waggle restore`: a backup back onto a bus where the project isn't.
 */
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { backupStreams } from '../../../shared/backup/container.ts';
import { type Restored, type RestoreStep, restoreBackup } from '../../../shared/backup/restore.ts';
import { defaultLimits } from '../../../shared/bus/topology.ts';
import { randomId } from '../../../shared/random.ts';
import type { CommandModule } from '../command-module.ts';
import { withBuses } from '../operator-buses.ts';
import { progressLine } from '../progress-line.ts';
import { outputOf } from '../session.ts';
import { iso } from '../tracker-record.ts';

interface Flags {
  readonly json?: true;
}

const steps: Readonly<Record<RestoreStep, string>> = {
  check: 'checking the file',
  write: 'writing',
  verify: 'reading back',
};

const NOTES = `
The bus must run, without an orchestrator: \`waggle nats\` in one terminal, this in another, then \`waggle up\`. What
happened after the backup is forgotten: work that was in hand then is taken up again or given out anew, and a lane
whose branch has moved on waits for \`waggle lane adopt\`.

Example:
  waggle restore monday.waggle`;

/** `waggle restore FILE`. */
export const build: CommandModule['build'] = (session) =>
  new Command('restore')
    .description('bring a backup back onto a bus where the project never was')
    .argument('<file>', 'what `waggle backup` wrote')
    .option('--json', 'answer in JSON')
    .addHelpText('after', NOTES)
    .action(async (name: string, { json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const file = resolve(session.folder, name);
      const restored = await withBuses(session, async ({ context, agent, core, swarm }) => {
        const { project, clock, log, config, stateRoot } = context;
        const line = progressLine(session.stderr, json !== true, clock);
        const onProgress = (step: RestoreStep, stream: string, done: number) =>
          line.show(`${steps[step]}: ${stream} ${done}`);
        const limits = { ...defaultLimits, ...config?.bus };
        const store = join(stateRoot, 'nats');
        const options = { core, swarm, project, file, clock, log, randomId, limits, store, onProgress };
        try {
          return await restoreBackup({ ...options, by: agent }, session.signal);
        } finally {
          line.clear();
        }
      });
      output.answer(record(restored), () => text(name, restored));
    });

function record({ header, summary, board, seq }: Restored): object {
  return {
    project: header.project,
    taken_at: iso(header.created_at),
    journal_seq: seq,
    streams: summary,
    tasks: board.tasks.size,
    states: Object.fromEntries([...board.counts].filter(([, count]) => count > 0)),
    next_fence: board.nextFence,
  };
}

function text(name: string, { header, summary, board }: Restored): string {
  const states = [...board.counts].filter(([, count]) => count > 0);
  const tasks = states.map(([state, count]) => `${count} ${state}`).join(', ');
  const parts = backupStreams.map((stream) => `${summary[stream].messages} of ${stream}`);
  return [
    `project ${header.project} is as it was at ${iso(header.created_at)} (${name}): ${tasks || 'no tasks'}`,
    `messages: ${parts.join(', ')}; counted and read back`,
    'start an orchestrator and it goes on (`waggle up`); then `waggle lane` shows the lanes whose branches have moved since',
  ].join('\n');
}
