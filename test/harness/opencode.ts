/**
 * opencode. It starts a server of its own for each run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness } from './harness.ts';

export const opencode: Harness = {
  title: 'opencode',
  name: 'opencode',
  package: { package: 'opencode-ai', range: '~1.18.0', bin: 'opencode' },
  profile({ home, endpoint }) {
    const account = join(home, 'account');
    const stub = {
      npm: '@ai-sdk/anthropic',
      options: { baseURL: `${endpoint}/v1`, apiKey: 'none' },
      models: { 'stub-model': {} },
    };
    for (const folder of [account, join(home, '.config', 'opencode')]) pretendPlugins(folder);
    writeFileSync(join(account, 'opencode.json'), JSON.stringify({ provider: { stub } }));
    return {
      model: 'stub/stub-model',
      account,
      rights: 'full',
      mcp: true,
      // Or it looks for models and packages elsewhere.
      set: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_DEFAULT_PLUGINS: '1' },
    };
  },
  tools: {
    write: (filePath, content) => call('write', { filePath, content }),
    shell: (command) => call('bash', { command, description: 'asked for' }),
    mcp: (tool, args) => call(`waggle_${tool}`, args),
  },
  // It has no switch for its retries: five, each after that time.
  limited: { retryAfterS: 2, tells: true },
  stalledMs: 30_000,
  // It tells of a step when its tools have run.
  steeredUsage: 'steps',
};

/** A folder in which the package for plugins seems to be installed: it would be fetched at each start. No test needs it. */
function pretendPlugins(folder: string): void {
  const dependencies = { '@opencode-ai/plugin': '*' };
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  const lock = { lockfileVersion: 3, requires: true, packages: { '': { dependencies } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
}
