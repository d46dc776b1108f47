/**
 * Codex. It edits with its shell tool.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness } from './harness.ts';

export const codex: Harness = {
  title: 'Codex',
  name: 'codex',
  package: { package: '@openai/codex', range: '~0.169.0', bin: 'codex' },
  profile({ home, endpoint }) {
    const account = join(home, 'config');
    mkdirSync(account);
    const config = [
      'model_provider = "stub"',
      '[model_providers.stub]',
      'name = "stub"',
      `base_url = "${endpoint}/v1"`,
      'wire_api = "responses"',
      'env_key = "STUB_KEY"',
      // Four and five by default.
      'request_max_retries = 0',
      'stream_max_retries = 1',
    ];
    writeFileSync(join(account, 'config.toml'), `${config.join('\n')}\n`);
    return { model: 'gpt-5', account, rights: 'full', mcp: true, set: { STUB_KEY: 'none' } };
  },
  tools: {
    write: (file, content) => call('exec_command', { cmd: `cat > ${file} <<'END'\n${content}END` }),
    shell: (cmd) => call('exec_command', { cmd }),
    mcp: (tool, args) => ({ ...call(tool, args), namespace: 'mcp__waggle' }),
  },
  // It waits that long itself before it gives up, and does not say so.
  limited: { retryAfterS: 1, tells: false },
  stalledMs: 10_000,
  // At its end it tells of all that stands in its conversation, where a turn is noted when its tools have run.
  steeredUsage: 'steps',
};
