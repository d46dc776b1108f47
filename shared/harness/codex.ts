/**
 * Codex: `codex exec` with a stream of JSON lines. Its prompt comes by standard input.
 *
 * Rights `edit` are its sandbox that may write the working tree, with the network, or no command in it could reach the
 * socket of its run. Rights `full` are no sandbox and no questions.
 */
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { codexReader } from './codex-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { NETWORK_NAMES } from './provider-names.ts';
import { RUN_VARIABLES } from './run-environment.ts';

const PROGRAM = 'codex';

const capabilities: HarnessCapabilities = {
  oneShot: true,
  resumable: true,
  steer: 'resume',
  events: true,
  usage: 'tokens',
  approvals: true,
  mcp: true,
  continuous: true,
  prompts: ['stdin', 'argument'],
};

const SETTINGS = [
  // A login shell begins with the PATH of the machine's profile: it would find neither command of ours.
  'allow_login_shell=false',
  // Or it asks for plugins and reports figures elsewhere.
  'features.plugins=false',
  'analytics.enabled=false',
  'otel.metrics_exporter="none"',
  'check_for_update_on_startup=false',
];
const SANDBOX = [
  'approval_policy="never"',
  'sandbox_mode="workspace-write"',
  'sandbox_workspace_write.network_access=true',
];

export const codex: Adapter = {
  name: 'codex',
  program: PROGRAM,
  capabilities,
  env: [...NETWORK_NAMES, 'AZURE_OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_HOME', 'OPENAI_*'],
  fresh: (profile, place) => invocation(profile, place, undefined),
  resumed: invocation,
  reader: codexReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: string | undefined): Invocation {
  const { program, model, account, rights, args } = profile;
  const way = promptWay(profile, capabilities);
  const settings = [
    ...SETTINGS,
    ...(rights === 'full' ? [] : SANDBOX),
    ...(profile.mcp !== false ? serverOf(place) : []),
  ];
  return {
    argv: checked([
      program ?? PROGRAM,
      'exec',
      ...(session === undefined ? [] : ['resume']),
      '--json',
      '--skip-git-repo-check',
      ...(rights === 'full' ? ['--dangerously-bypass-approvals-and-sandbox'] : []),
      ...settings.flatMap((setting) => ['-c', setting]),
      ...(model === undefined ? [] : ['-m', model]),
      ...args,
      '--',
      ...(session === undefined ? [] : [session]),
      way === 'argument' ? place.promptText : '-',
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: account === undefined ? {} : { CODEX_HOME: account },
  };
}

/** It hands a server no variable that is not named, and refuses what it would have to ask leave for. */
function serverOf({ waggle }: StartPlace): string[] {
  if (waggle === undefined) return [];
  const [command, ...args] = waggle;
  const words = [JSON.stringify(command), JSON.stringify([...args, 'mcp']), JSON.stringify(RUN_VARIABLES)];
  return [
    `mcp_servers.waggle={command=${words[0]},args=${words[1]},env_vars=${words[2]},default_tools_approval_mode="approve"}`,
  ];
}
