/**
 * `waggle doctor`: puts the looks of `doctor/` together. Looks only: it changes and starts nothing.
 */
import { Command } from 'commander';
import { systemClock } from '../../../shared/clock.ts';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { openBusContext } from '../../../shared/service/context.ts';
import type { CommandModule } from '../command-module.ts';
import { agentChecks } from '../doctor/agents.ts';
import { busChecks } from '../doctor/bus.ts';
import { leftoverChecks } from '../doctor/leftovers.ts';
import { machineChecks } from '../doctor/machine.ts';
import { projectChecks } from '../doctor/project.ts';
import { type Check, doctorReport } from '../doctor/report.ts';
import type { Paint } from '../paint.ts';
import { findProject, type ProjectPlace } from '../project-place.ts';
import { outputOf, type Session } from '../session.ts';
import { formatTable } from '../table.ts';

interface Flags {
  readonly json?: true;
}

const words = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

/** `waggle doctor`: looks at machine, project and bus; exit code 1 when a check failed. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('doctor')
    .description('check bus, journal, stored work, agents, versions, durability, git and disk')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  waggle doctor')
    .action(async ({ json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const report = doctorReport(await examine(session), systemClock.now());
      const { passed, warnings, failed, skipped } = report.summary;
      output.answer(report, () => {
        const total = `${passed} ok, ${warnings} warnings, ${failed} failed, ${skipped} skipped`;
        return `${tableOf(report.checks, output.paint)}\n${total}`;
      });
      if (failed > 0) exit(1);
    });

async function examine(session: Session): Promise<Check[]> {
  const { folder, variables } = session;
  const place = findProject(folder, variables);
  const found = await place.catch(() => undefined);
  const parts = [
    machineChecks(variables, foldersOf(found, folder)),
    projectChecks(place, variables),
    busChecks(openBusContext(session)),
    found === undefined ? [] : agentChecks(found.stateRoot),
    found === undefined ? [] : leftoverChecks(found),
  ];
  return (await Promise.all(parts)).flat();
}

/** Whose disks must have room. */
function foldersOf(place: ProjectPlace | undefined, folder: string): Map<string, string> {
  const folders = new Map([['.waggle', place?.root ?? folder]]);
  for (const [name, { home }] of Object.entries(place?.config.board.lanes ?? {}))
    if (!isUrl(home) && home !== place?.root) folders.set(`lane ${name}`, home);
  return folders;
}

function tableOf(checks: readonly Check[], paint: Paint): string {
  const rows = checks.map(({ category, name, status, details, error, mend }) => [
    words[status],
    category,
    name,
    [error, details, mend === undefined ? undefined : `to mend: ${mend}`]
      .filter((text) => text !== undefined)
      .join(' · '),
  ]);
  return formatTable(['', 'CATEGORY', 'CHECK', 'FOUND'], rows, paint);
}
