/**
 * Claude Code. It may edit without asking, and run the two commands of ours and no other.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness } from './harness.ts';

const ALLOWED = ['Write', 'Edit', 'Bash(fmail:*)', 'Bash(waggle:*)', 'mcp__waggle'];

export const claudeCode: Harness = {
  name: 'Claude Code',
  package: { package: '@anthropic-ai/claude-code', range: '~2.1.0', bin: 'claude' },
  profile({ program, home, endpoint }) {
    const mcp = join(home, 'mcp.json');
    writeFileSync(mcp, JSON.stringify({ mcpServers: { waggle: { command: 'waggle', args: ['mcp'] } } }));
    const printing = ['--output-format', 'stream-json', '--verbose'];
    const rights = ['--permission-mode', 'acceptEdits', '--allowedTools', ALLOWED.join(',')];
    const servers = ['--mcp-config', mcp, '--strict-mcp-config'];
    return {
      command: [program, '-p', ...printing, ...rights, ...servers],
      set: {
        ANTHROPIC_BASE_URL: endpoint,
        ANTHROPIC_API_KEY: 'none',
        CLAUDE_CONFIG_DIR: join(home, 'config'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    };
  },
  tools: {
    write: (file, content) => call('Write', { file_path: file, content }),
    shell: (command) => call('Bash', { command, description: 'asked for' }),
    mcp: (tool, args) => call(`mcp__waggle__${tool}`, args),
  },
  usage(events) {
    const { usage } = events.find(({ type }) => type === 'result');
    return { input: usage.input_tokens, output: usage.output_tokens };
  },
};
