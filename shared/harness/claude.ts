/**
 * Claude Code: `claude -p` with a stream of JSON lines. Its prompt comes by standard input.
 *
 * Rights `edit`: it edits, runs `fmail` and `waggle`, and nothing else. Rights `full` are
 * `--dangerously-skip-permissions`, which it refuses when it is run as root.
 */
import { join } from 'node:path';
import type { Adapter, HarnessCapabilities, Invocation, StartPlace } from './adapter.ts';
import { claudeReader } from './claude-reader.ts';
import type { HarnessProfile } from './profile.ts';
import { checked, promptWay } from './prompt-way.ts';
import { CLOUD_NAMES, NETWORK_NAMES } from './provider-names.ts';

const PROGRAM = 'claude';
const ALLOWED = ['Bash(fmail:*)', 'Bash(waggle:*)', 'mcp__waggle'];

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

export const claude: Adapter = {
  name: 'claude',
  program: PROGRAM,
  capabilities,
  env: [
    ...NETWORK_NAMES,
    ...CLOUD_NAMES,
    'ANTHROPIC_*',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CONFIG_DIR',
    'CLOUD_ML_REGION',
  ],
  fresh: (profile, place) => invocation(profile, place, []),
  resumed: (profile, place, session) => invocation(profile, place, ['--resume', session]),
  reader: claudeReader,
};

function invocation(profile: HarnessProfile, place: StartPlace, session: readonly string[]): Invocation {
  const { program, model, account, rights, args } = profile;
  const way = promptWay(profile, capabilities);
  const servers = profile.mcp !== false ? serversOf(place) : undefined;
  return {
    argv: checked([
      program ?? PROGRAM,
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      ...session,
      ...(rights === 'full'
        ? ['--dangerously-skip-permissions']
        : ['--permission-mode', 'acceptEdits', '--allowedTools', ALLOWED.join(',')]),
      ...(model === undefined ? [] : ['--model', model]),
      ...(servers === undefined ? [] : ['--mcp-config', servers.path]),
      ...args,
      // Options that take several values come before: they would take the prompt too.
      ...(way === 'argument' ? ['--', place.promptText] : []),
    ]),
    ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}),
    env: {
      // Or it reports figures and looks for updates elsewhere.
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...(account === undefined ? {} : { CLAUDE_CONFIG_DIR: account }),
    },
    ...(servers === undefined ? {} : { files: [servers] }),
  };
}

function serversOf({ waggle, records }: StartPlace): { path: string; text: string } | undefined {
  if (waggle === undefined) return undefined;
  const [command, ...args] = waggle;
  const config = { mcpServers: { waggle: { command, args: [...args, 'mcp'] } } };
  return { path: join(records, 'claude-mcp.json'), text: JSON.stringify(config) };
}
