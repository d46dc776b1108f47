/**
 * `waggle profile add`: writes a profile into waggle.yaml, and gives the board the configuration when a leader answers.
 * What the normal reader would not have is not written.
 */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { BoardConfig } from '../../../../schemas/index.ts';
import { loadConfigFile, readConfig } from '../../../../shared/config/config-file.ts';
import { problemsText } from '../../../../shared/config/file-problem.ts';
import { replaceFile } from '../../../../shared/config/whole-file.ts';
import { messageOf, WaggleError } from '../../../../shared/errors.ts';
import { adapters } from '../../../../shared/harness/adapters.ts';
import { resolveProgram } from '../../../../shared/harness/program-path.ts';
import { ownRoles } from '../../../../shared/service/context.ts';
import { aboveZero, agentName, positive } from '../../arguments.ts';
import { sendConfiguration } from '../../configuration-sending.ts';
import { programOf } from '../../harness-list.ts';
import { ifHeard } from '../../if-heard.ts';
import { type ProfileFlags, profileDraft, withProfile } from '../../profile-draft.ts';
import { findProject } from '../../project-place.ts';
import { outputOf, type Session } from '../../session.ts';
import { addTo } from '../../task-filter.ts';

type Listed = 'arg' | 'env' | 'command';

interface Flags extends Omit<ProfileFlags, Listed>, Partial<Pick<ProfileFlags, Listed>> {
  readonly json?: true;
}

const HELP = `
Comments and layout of waggle.yaml stay. A harness's own login is made with the harness itself; --account names the
folder where it keeps that, so that several accounts can work side by side.

Examples:
  waggle profile add big --harness claude --model opus --max 2 --env ANTHROPIC_API_KEY
  waggle profile add second --harness codex --account ~/.codex-second --arg --search
  waggle profile add own --harness command -- my-agent --task {prompt_file}`;

/** `waggle profile add NAME`. */
export const addCommand = (session: Session, exit: (code: number) => void): Command =>
  new Command('add')
    .description('write a profile into waggle.yaml')
    .argument('<name>', 'its name', agentName)
    .argument(
      '[words...]',
      'behind --: the command of `--harness command`; {prompt_file} stands for its prompt',
    )
    .addOption(
      new Option('--harness <harness>', 'what it runs').choices(Object.keys(adapters)).makeOptionMandatory(),
    )
    .option('--model <model>', "the harness's own name of the model")
    .option('--account <folder>', "folder of the harness's configuration and login")
    .option('--program <program>', "name or path of the harness's program (default: its usual name)")
    .option('--arg <word>', 'a further word of its command line (repeat it)', addTo)
    .option('--env <name>', "a variable of the worker's environment to pass on (repeat it)", addTo)
    .addOption(new Option('--rights <rights>', 'what it may do without asking').choices(['edit', 'full']))
    .option('--max <count>', 'at most so many runs at once, on all machines together', positive)
    .option('--weight <number>', 'its share in pools that weigh', aboveZero)
    .option('--command <word>', 'a word of the command, instead of words behind -- (repeat it)', addTo)
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(async (name: string, words: readonly string[], flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const { config } = await findProject(session.folder, session.variables);
      const account =
        flags.account === undefined ? {} : { account: fromRoot(flags.account, session, config.folder) };
      const { arg = [], env = [], command = [] } = flags;
      const draft = profileDraft({ ...flags, ...account, arg, env, command: [...command, ...words] });
      await write(config.path, name, (text) => withProfile(text, name, draft));
      const written = await loadConfigFile(config.path, { roles: ownRoles });
      const missing = await missingProgram(
        programOf({ ...draft, harness: flags.harness, command: draft.command ?? [] }, adapters),
        session,
      );
      if (missing !== undefined) output.warn(missing);
      const told = await tellBoard(session, written.board);
      output.answer({ profile: name, path: config.path, written: true, ...told }, () =>
        [`wrote profile ${name} into ${config.path}`, boardText(told)].join('\n'),
      );
      if (told.board === 'refused') exit(1);
    });

/** A folder is meant from where the command was given, and waggle.yaml's from where that lies. */
function fromRoot(account: string, { folder }: Session, root: string): string {
  if (isAbsolute(account) || account.startsWith('~')) return account;
  const whole = resolve(folder, account);
  const inside = relative(root, whole);
  return inside.startsWith('..') ? whole : inside === '' ? '.' : inside;
}

/** Errors: `config-invalid` with every problem; then the file is as it was. */
async function write(path: string, name: string, edit: (text: string) => string): Promise<void> {
  const real = await realpath(path);
  const text = edit(await readFile(real, 'utf8'));
  const read = readConfig(text, { file: 'waggle.yaml', folder: dirname(path), roles: ownRoles });
  if (!read.ok) {
    const problems = `with profile ${name} it would not be valid, and it stays as it was\n${problemsText(read.problems)}`;
    throw new WaggleError('config-invalid', { file: path, problems, list: read.problems });
  }
  await replaceFile(real, text);
}

/** A remark when its program is not here: another machine may have it. */
async function missingProgram(program: string | undefined, session: Session): Promise<string | undefined> {
  try {
    if (program !== undefined) await resolveProgram(program, session.folder, session.variables['PATH']);
    return undefined;
  } catch (error) {
    return `here its program does not start: ${messageOf(error)}`;
  }
}

interface BoardTold {
  readonly board: 'sent' | 'unchanged' | 'absent' | 'refused';
  readonly message?: string;
}

async function tellBoard(session: Session, config: BoardConfig): Promise<BoardTold> {
  const { signal } = session;
  const heard = await ifHeard(session, async ({ client }) => {
    const { config: current } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    return sendConfiguration(client, config, current, signal);
  });
  if (!heard.isHeard) return { board: 'absent', message: heard.why.message };
  if (heard.value === 'unchanged') return { board: 'unchanged' };
  const { status, message, code } = heard.value;
  return status === 'ok'
    ? { board: 'sent' }
    : { board: 'refused', message: message ?? code ?? 'no reason given' };
}

function boardText({ board, message = '' }: BoardTold): string {
  switch (board) {
    case 'sent':
      return 'the board has the configuration; `waggle worker --profile` can use it now';
    case 'unchanged':
      return 'the board has this configuration already';
    case 'absent':
      return 'no leader answers: `waggle up` sends the configuration to the board';
    default:
      return `the board refuses the configuration: ${message}`;
  }
}
