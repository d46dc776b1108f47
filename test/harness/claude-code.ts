/**
 * Claude Code. It may edit without asking, and run the two commands of ours and no other; as root it can have no more.
 */
import { join } from 'node:path';
import { call, type Harness, isRoot } from './harness.ts';

export const claudeCode: Harness = {
  title: 'Claude Code',
  name: 'claude',
  package: { package: '@anthropic-ai/claude-code', range: '~2.1.0', bin: 'claude' },
  profile: ({ home, endpoint }) => ({
    account: join(home, 'config'),
    mcp: true,
    set: {
      ANTHROPIC_BASE_URL: endpoint,
      ANTHROPIC_API_KEY: 'none',
      // Ten by default, for minutes.
      CLAUDE_CODE_MAX_RETRIES: '1',
    },
  }),
  tools: {
    write: (file, content) => call('Write', { file_path: file, content }),
    shell: (command) => call('Bash', { command, description: 'asked for' }),
    mcp: (tool, args) => call(`mcp__waggle__${tool}`, args),
  },
  // It says how long it waits before it tries again, and waits so long.
  limited: { retryAfterS: 60, tells: true, silenceMs: 12_000 },
  stalledMs: 12_000,
  // Until its end it tells of each turn only the output with which that began.
  steeredUsage: 'input',
  rightsMissing: (rights) =>
    rights === 'full' && isRoot() ? 'it refuses to skip its permissions as root' : undefined,
};
