/**
 * opencode: `opencode run` with a stream of JSON lines; it starts a server of its own for each run. Its prompt comes by
 * standard input.
 *
 * Rights `edit`: of its shell, `fmail` and `waggle` alone. Rights `full`: whatever its configuration does not deny.
 */
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { opencodeReader } from './opencode-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { PROVIDER_NAMES } from './provider-names.ts';

const PROGRAM = 'opencode';

const capabilities: HarnessCapabilities = {
  oneShot: true,
  resumable: true,
  steer: 'resume',
  events: true,
  usage: 'cost',
  approvals: true,
  mcp: true,
  continuous: true,
  prompts: ['stdin', 'argument'],
};

/** What it would ask for is denied: a question that nobody answers ends its turn, a denial it works around. */
const EDIT_RIGHTS = {
  edit: 'allow',
  external_directory: 'deny',
  doom_loop: 'deny',
  bash: { '*': 'deny', fmail: 'allow', 'fmail *': 'allow', waggle: 'allow', 'waggle *': 'allow' },
};

export const opencode: Adapter = {
  name: 'opencode',
  program: PROGRAM,
  capabilities,
  env: [...PROVIDER_NAMES, 'OPENCODE_CONFIG', 'OPENCODE_CONFIG_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  fresh: (profile, place) => invocation(profile, place, []),
  resumed: (profile, place, session) => invocation(profile, place, ['--session', session]),
  reader: opencodeReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: readonly string[]): Invocation {
  const { program, model, account, rights, args } = profile;
  const way = promptWay(profile, capabilities);
  return {
    argv: checked([
      program ?? PROGRAM,
      'run',
      '--format',
      'json',
      // While it tries again, only its log tells.
      '--print-logs',
      '--log-level',
      'ERROR',
      ...session,
      ...(rights === 'full' ? ['--auto'] : []),
      ...(model === undefined ? [] : ['-m', model]),
      ...args,
      ...(way === 'argument' ? ['--', place.promptText] : []),
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: {
      // Laid over the user's own configuration.
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        ...(rights === 'full' ? {} : { permission: EDIT_RIGHTS }),
        ...(profile.mcp !== false ? serverOf(place) : {}),
      }),
      ...(account === undefined ? {} : { OPENCODE_CONFIG_DIR: account, XDG_DATA_HOME: account }),
    },
  };
}

function serverOf({ waggle }: StartPlace): object {
  if (waggle === undefined) return {};
  return { mcp: { waggle: { type: 'local', command: [...waggle, 'mcp'], enabled: true } } };
}
