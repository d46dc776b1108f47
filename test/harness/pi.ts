/**
 * pi. It speaks no MCP, and never asks for leave.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness } from './harness.ts';

export const pi: Harness = {
  title: 'pi',
  name: 'pi',
  package: { package: '@mariozechner/pi-coding-agent', range: '~0.73.0', bin: 'pi' },
  profile({ home, endpoint }) {
    const account = join(home, 'agent');
    mkdirSync(account);
    const stub = {
      baseUrl: endpoint,
      api: 'anthropic-messages',
      apiKey: 'none',
      models: [{ id: 'stub-model' }],
    };
    // Three of its own and two of the provider's by default, each after a longer wait.
    const retry = { maxRetries: 1, baseDelayMs: 10, provider: { maxRetries: 1 } };
    writeFileSync(join(account, 'models.json'), JSON.stringify({ providers: { stub } }));
    writeFileSync(join(account, 'settings.json'), JSON.stringify({ retry }));
    return { model: 'stub-model', account, args: ['--provider', 'stub'], set: { PI_OFFLINE: '1' } };
  },
  tools: {
    write: (path, content) => call('write', { path, content }),
    shell: (command) => call('bash', { command }),
  },
  // It waits that long itself before it gives up, and does not say so.
  limited: { retryAfterS: 1, tells: false },
  stalledMs: 12_000,
  steeredUsage: 'whole',
};
