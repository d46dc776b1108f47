/**
 * Gemini CLI: `gemini --output-format stream-json`. Its prompt comes by standard input.
 *
 * Rights `edit`: it edits, and of its shell runs `fmail` and `waggle` alone. Rights `full`: it asks for nothing. What a
 * run needs of settings lies in a file of defaults, beneath the user's own; an account is a HOME.
 */
import { join } from 'node:path';
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { geminiReader } from './gemini-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { NETWORK_NAMES } from './provider-names.ts';
import { RUN_VARIABLES } from './run-environment.ts';

const PROGRAM = 'gemini';

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

const ALLOWED = ['run_shell_command(fmail)', 'run_shell_command(waggle)'];

export const gemini: Adapter = {
  name: 'gemini',
  program: PROGRAM,
  capabilities,
  env: [
    ...NETWORK_NAMES,
    'GEMINI_API_KEY',
    'GEMINI_MODEL',
    'GOOGLE_API_KEY',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'GOOGLE_CLOUD_LOCATION',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_GEMINI_BASE_URL',
    'GOOGLE_GENAI_USE_GCA',
    'GOOGLE_GENAI_USE_VERTEXAI',
    'GOOGLE_VERTEX_BASE_URL',
  ],
  fresh: (profile, place) => invocation(profile, place, []),
  resumed: (profile, place, session) => invocation(profile, place, ['--resume', session]),
  reader: geminiReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: readonly string[]): Invocation {
  const { program, model, account, rights, args } = profile;
  const way = promptWay(profile, capabilities);
  const settings = { path: join(place.records, 'gemini-defaults.json'), text: settingsOf(profile, place) };
  return {
    argv: checked([
      program ?? PROGRAM,
      '--output-format',
      'stream-json',
      ...session,
      ...(rights === 'full'
        ? ['--approval-mode', 'yolo']
        : ['--approval-mode', 'auto_edit', ...ALLOWED.flatMap((tool) => ['--allowed-tools', tool])]),
      ...(model === undefined ? [] : ['-m', model]),
      ...args,
      ...(way === 'argument' ? [`--prompt=${place.promptText}`] : []),
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: {
      GEMINI_CLI_SYSTEM_DEFAULTS_PATH: settings.path,
      // Nobody is there to say that it may trust the folder, and without that it may do nothing.
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      ...(account === undefined ? {} : { HOME: account }),
    },
    files: [settings],
  };
}

function settingsOf(profile: HarnessProfile, { waggle }: StartPlace): string {
  const servers = profile.mcp !== false && waggle !== undefined ? serversOf(waggle) : {};
  return JSON.stringify({
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    ...servers,
  });
}

/** It hands a server only the variables that it knows or that are named. */
function serversOf([command, ...args]: readonly [string, ...string[]]): object {
  const env = Object.fromEntries(RUN_VARIABLES.map((name) => [name, `$${name}`]));
  return { mcpServers: { waggle: { command, args: [...args, 'mcp'], env, trust: true } } };
}
