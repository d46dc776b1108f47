/**
 * Codex. It edits with its shell tool; a server of MCP sees no variable that is not named.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness } from './harness.ts';

const RUN_VARIABLES = [
  'WAGGLE_SOCKET',
  'WAGGLE_PROJECT',
  'WAGGLE_TASK',
  'WAGGLE_FENCE',
  'WAGGLE_RUN',
  'FMAIL_AGENT',
  'FMAIL_PROJECT',
];

export const codex: Harness = {
  name: 'Codex',
  package: { package: '@openai/codex', range: '~0.169.0', bin: 'codex' },
  profile({ program, home, endpoint }) {
    const config = join(home, 'config');
    // It does not make the folder itself.
    mkdirSync(config);
    const settings = [
      // A login shell begins with the PATH of the machine's profile: it would find neither command of ours.
      'allow_login_shell=false',
      // Or it asks for plugins and reports figures elsewhere.
      'features.plugins=false',
      'analytics.enabled=false',
      'otel.metrics_exporter="none"',
      'model_provider="stub"',
      `model_providers.stub={name="stub",base_url="${endpoint}/v1",wire_api="responses",env_key="STUB_KEY"}`,
      `mcp_servers.waggle={command="waggle",args=["mcp"],env_vars=${JSON.stringify(RUN_VARIABLES)}}`,
    ].flatMap((setting) => ['-c', setting]);
    const rights = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
    return {
      command: [program, 'exec', '--json', ...settings, '-m', 'gpt-5', ...rights, '-'],
      set: { CODEX_HOME: config, STUB_KEY: 'none' },
    };
  },
  tools: {
    write: (file, content) => call('exec_command', { cmd: `cat > ${file} <<'END'\n${content}END` }),
    shell: (cmd) => call('exec_command', { cmd }),
    mcp: (tool, args) => ({ ...call(tool, args), namespace: 'mcp__waggle' }),
  },
  usage(events) {
    const { usage } = events.find(({ type }) => type === 'turn.completed');
    return { input: usage.input_tokens, output: usage.output_tokens };
  },
};
