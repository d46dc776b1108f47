/**
 * `waggle config`: shows waggle.yaml as the services understand it, and checks it. Needs no bus.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { parseText } from '../../../shared/config/source-text.ts';
import { WaggleError } from '../../../shared/errors.ts';
import type { CommandModule } from '../command-module.ts';
import { plainWorkers } from '../config-fields.ts';
import { type ConfigLine, configLines } from '../config-sources.ts';
import { findProject, type ProjectPlace } from '../project-place.ts';
import { outputOf, type Session } from '../session.ts';
import { formatTable } from '../table.ts';

interface Flags {
  readonly json?: true;
}

/** `waggle config`: the configuration as the services use it, each value with where it comes from. */
export const build: CommandModule['build'] = (session) => {
  const command = new Command('config')
    .description('print the configuration, each value with where it comes from')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  waggle config\n  waggle config check')
    .action((flags: Flags) => print(session, flags));
  command
    .command('check')
    .description('say whether waggle.yaml is valid: exit 0, or 2 with every problem named')
    .option('--json', 'print JSON')
    .action((_: Flags, self: Command) => check(session, self.optsWithGlobals()));
  return command;
};

async function print(session: Session, { json }: Flags): Promise<void> {
  const output = outputOf(session, { json: json === true });
  const place = await findProject(session.folder, session.variables);
  const lines = withEnvironment(await linesOf(place), place);
  const { path, board, profiles, workers, bus } = place.config;
  const file = basename(path);
  const sources = Object.fromEntries(lines.map((line) => [line.key, sourceOf(line, file)]));
  const compiled = { board, profiles: Object.fromEntries(profiles), workers: plainWorkers(workers), bus };
  output.answer({ valid: true, path, project: place.project, ...compiled, sources }, () => {
    const rows = lines.map((line) => [line.key, line.value, sourceOf(line, file)]);
    return `${path}\n\n${formatTable(['KEY', 'VALUE', 'FROM'], rows, output.paint)}`;
  });
}

async function check(session: Session, { json }: Flags): Promise<void> {
  const output = outputOf(session, { json: json === true });
  const { config } = await findProject(session.folder, session.variables);
  const counts = {
    lanes: Object.keys(config.board.lanes).length,
    gates: Object.keys(config.board.gates).length,
    profiles: config.profiles.size,
  };
  output.answer({ valid: true, path: config.path, ...counts }, () => {
    const parts = Object.entries(counts).map(([what, n]) => `${n} ${n === 1 ? what.slice(0, -1) : what}`);
    return `${config.path} is valid: ${parts.join(', ')}`;
  });
}

async function linesOf({ config }: ProjectPlace): Promise<ConfigLine[]> {
  const parsed = parseText(await readFile(config.path, 'utf8'), 'yaml');
  if (!parsed.ok)
    throw new WaggleError('config-invalid', { file: config.path, problems: 'it changed while it was read' });
  return configLines(config, parsed.source);
}

interface SourcedLine extends ConfigLine {
  readonly from?: string;
}

/** The environment may name another project. */
function withEnvironment(
  lines: readonly ConfigLine[],
  { environment, project }: ProjectPlace,
): SourcedLine[] {
  return lines.map((line) =>
    line.key === 'project' && environment.project !== undefined
      ? { key: line.key, value: project, from: 'WAGGLE_PROJECT' }
      : line,
  );
}

const sourceOf = ({ from, line }: SourcedLine, file: string): string =>
  from ?? (line === undefined ? 'default' : `${file}:${line}`);
