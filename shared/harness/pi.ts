/**
 * pi: `pi -p` with a stream of JSON lines. Its prompt comes by standard input. It speaks no MCP.
 *
 * It never asks for leave and cannot be kept to some commands of its shell: rights `edit` are the same as `full`.
 */
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { piReader } from './pi-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { PROVIDER_NAMES } from './provider-names.ts';

const PROGRAM = 'pi';

const capabilities: HarnessCapabilities = {
  oneShot: true,
  resumable: true,
  steer: 'resume',
  events: true,
  usage: 'cost',
  approvals: false,
  mcp: false,
  continuous: true,
  prompts: ['stdin', 'argument'],
};

export const pi: Adapter = {
  name: 'pi',
  program: PROGRAM,
  capabilities,
  env: [...PROVIDER_NAMES, 'PI_CODING_AGENT_DIR', 'PI_CODING_AGENT_SESSION_DIR'],
  fresh: (profile, place) => invocation(profile, place, []),
  resumed: (profile, place, session) => invocation(profile, place, ['--session', session]),
  reader: piReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: readonly string[]): Invocation {
  const { program, model, account, args } = profile;
  const way = promptWay(profile, capabilities);
  return {
    argv: checked([
      program ?? PROGRAM,
      '-p',
      '--mode',
      'json',
      ...session,
      ...(model === undefined ? [] : ['--model', model]),
      ...args,
      ...(way === 'argument' ? [place.promptText] : []),
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: {
      PI_SKIP_VERSION_CHECK: '1',
      PI_TELEMETRY: '0',
      ...(account === undefined ? {} : { PI_CODING_AGENT_DIR: account }),
    },
  };
}
