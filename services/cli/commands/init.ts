/**
 * `waggle init`: writes the starter configuration. Asks nothing, and overwrites nothing unless told to.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { HarnessName } from '../../../schemas/index.ts';
import { CONFIG_NAME } from '../../../shared/config/config-place.ts';
import { readEnvironment } from '../../../shared/config/environment.ts';
import { findMailRoot, isOutside, readMailProject } from '../../../shared/config/mail-root.ts';
import { projectName } from '../../../shared/config/project-name.ts';
import { type StarterOptions, starterConfig } from '../../../shared/config/starter.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { gitLine } from '../../../shared/git/git.ts';
import { inspectRepository } from '../../../shared/git/repository.ts';
import { adapters } from '../../../shared/harness/adapters.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf } from '../session.ts';
import { excludeState } from '../up/exclude.ts';

interface Flags {
  readonly project?: string;
  readonly harness?: HarnessName;
  readonly force?: true;
  readonly json?: true;
}

/** What a fresh profile runs, unless the command line says. */
const STARTER_HARNESS: Exclude<HarnessName, 'command'> = 'claude';

/** `waggle init`: writes a commented waggle.yaml here and says what comes next. */
export const build: CommandModule['build'] = (session) =>
  new Command('init')
    .description('write a waggle.yaml for the repository in this folder')
    .argument('[command...]', 'the command that runs one task; {prompt_file} stands for its prompt')
    .option('--project <name>', "the project's name (default: from the git remote, or the folder)", agentName)
    .addOption(
      new Option(
        '--harness <harness>',
        `a harness to run (default: ${STARTER_HARNESS}); \`waggle harness ls\` lists them`,
      ).choices(Object.keys(adapters)),
    )
    .option('--force', 'overwrite a waggle.yaml that is there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle init\n  waggle init --harness codex\n  waggle init -- my-agent --task {prompt_file}',
    )
    .action(async (command: readonly string[], { project, harness, force, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const isKnown = harness !== undefined && harness !== 'command';
      if (isKnown && command.length > 0)
        throw new WaggleError('usage', { message: 'expected --harness or a command, got both' });
      if (harness === 'command' && command.length === 0) {
        const message = `--harness command runs any program: expected its words behind --, e.g. -- my-agent {prompt_file}`;
        throw new WaggleError('usage', { message });
      }
      const { folder } = session;
      const hasCommit = await hasFirstCommit(folder);
      const name = project ?? (await nameFor(folder, readEnvironment(session.variables).mailRoot));
      const path = join(folder, CONFIG_NAME);
      const runs = command.length > 0 ? { command } : { harness: isKnown ? harness : STARTER_HARNESS };
      const starter: StarterOptions = { project: name, ...runs };
      await writeConfig(path, starterConfig(starter), force === true);
      await excludeState(folder);
      const steps = [
        ...(hasCommit ? [] : ['make a first commit: lanes start from one']),
        `look at ${CONFIG_NAME}: its profile runs \`${'command' in runs ? runs.command.join(' ') : runs.harness}\` for each task`,
        'waggle up',
        'waggle task add "Say hello in HELLO.md"',
      ];
      output.answer({ project: name, path, next_steps: steps }, () =>
        [`wrote ${path} for project ${name}`, 'next:', ...steps.map((step) => `  ${step}`)].join('\n'),
      );
    });

/** Errors: `not-a-repository`. */
async function hasFirstCommit(folder: string): Promise<boolean> {
  try {
    await inspectRepository(folder);
    return true;
  } catch (error) {
    if (isWaggleError(error, 'repository-empty')) return false;
    throw error;
  }
}

async function nameFor(folder: string, mailRoot: string | undefined): Promise<string> {
  // The mail tool may have named it already: two names would be a mismatch.
  const root = await findMailRoot(folder, mailRoot);
  const named = isOutside(root) ? undefined : await readMailProject(root.folder);
  if (named !== undefined) return named.id;
  const asked = ['config', '--get', 'remote.origin.url'];
  const remote = await gitLine(asked, { cwd: folder, okCodes: [0, 1] });
  // A working tree may be called anything; its repository's top folder is what people call the project.
  const top = await gitLine(['rev-parse', '--show-toplevel'], { cwd: folder, okCodes: [0, 128] });
  return projectName({ folder: top === '' ? folder : top, ...(remote === '' ? {} : { remote }) });
}

async function writeConfig(path: string, text: string, mayOverwrite: boolean): Promise<void> {
  const file = await open(path, mayOverwrite ? 'w' : 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    const message = `${path} is there already; --force overwrites it`;
    throw new WaggleError('refused', { message }, { cause: error });
  });
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
