/**
 * opencode. It starts a server of its own for each run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness, type Printed, sumOf } from './harness.ts';

export const opencode: Harness = {
  name: 'opencode',
  package: { package: 'opencode-ai', range: '~1.18.0', bin: 'opencode' },
  profile({ program, home, endpoint }) {
    const file = join(home, 'opencode.json');
    const stub = {
      npm: '@ai-sdk/anthropic',
      options: { baseURL: `${endpoint}/v1`, apiKey: 'none' },
      models: { 'stub-model': {} },
    };
    const waggle = { type: 'local', command: ['waggle', 'mcp'], enabled: true };
    const config = { provider: { stub }, mcp: { waggle }, autoupdate: false, share: 'disabled' };
    writeFileSync(file, JSON.stringify(config));
    pretendPlugins(join(home, '.config', 'opencode'));
    return {
      command: [program, 'run', '--format', 'json', '-m', 'stub/stub-model'],
      // Or it looks for models and packages elsewhere.
      set: {
        OPENCODE_CONFIG: file,
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      },
    };
  },
  tools: {
    write: (filePath, content) => call('write', { filePath, content }),
    shell: (command) => call('bash', { command, description: 'asked for' }),
    mcp: (tool, args) => call(`waggle_${tool}`, args),
  },
  usage: (events) =>
    sumOf(
      events
        .filter(({ type }: Printed) => type === 'step_finish')
        .map(({ part: { tokens } }: Printed) => ({ input: tokens.input, output: tokens.output })),
    ),
};

/** A folder in which the package for plugins seems to be installed: it would be fetched at each start. No test needs it. */
function pretendPlugins(folder: string): void {
  const dependencies = { '@opencode-ai/plugin': '*' };
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  const lock = { lockfileVersion: 3, requires: true, packages: { '': { dependencies } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
}
