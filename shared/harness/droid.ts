/**
 * Factory's Droid: `droid exec --output-format stream-json`. Its prompt comes by standard input.
 *
 * Not proven with the real program further than its refusal of a login (version 0.215): the rest is its documentation's.
 *
 * Rights `edit` are its autonomy `medium`: the lowest with which it runs commands, `waggle` and `fmail` among them. Rights
 * `full` are `--skip-permissions-unsafe`. An account is a HOME. It knows no server of tools for one run alone.
 */
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { droidReader } from './droid-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { NETWORK_NAMES } from './provider-names.ts';

const PROGRAM = 'droid';

const capabilities: HarnessCapabilities = {
  oneShot: true,
  resumable: true,
  steer: 'resume',
  events: true,
  usage: 'none',
  approvals: true,
  mcp: false,
  continuous: true,
  prompts: ['stdin', 'file', 'argument'],
};

export const droid: Adapter = {
  name: 'droid',
  program: PROGRAM,
  capabilities,
  env: [...NETWORK_NAMES, 'FACTORY_API_BASE_URL', 'FACTORY_API_KEY'],
  fresh: (profile, place) => invocation(profile, place, []),
  resumed: (profile, place, session) => invocation(profile, place, ['--session-id', session]),
  reader: droidReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: readonly string[]): Invocation {
  const { program, model, account, rights, args } = profile;
  const way = promptWay(profile, capabilities);
  return {
    argv: checked([
      program ?? PROGRAM,
      'exec',
      '--output-format',
      'stream-json',
      ...session,
      ...(rights === 'full' ? ['--skip-permissions-unsafe'] : ['--auto', 'medium']),
      ...(model === undefined ? [] : ['--model', model]),
      ...args,
      ...(way === 'file' ? ['--file', place.promptFile] : []),
      ...(way === 'argument' ? ['--', place.promptText] : []),
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: {
      FACTORY_DROID_AUTO_UPDATE_ENABLED: 'false',
      ...(account === undefined ? {} : { HOME: account }),
    },
  };
}
