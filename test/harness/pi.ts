/**
 * pi. It speaks no MCP.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Harness, type Printed, sumOf } from './harness.ts';

export const pi: Harness = {
  name: 'pi',
  package: { package: '@mariozechner/pi-coding-agent', range: '~0.73.0', bin: 'pi' },
  profile({ program, home, endpoint }) {
    const folder = join(home, '.pi', 'agent');
    mkdirSync(folder, { recursive: true });
    const stub = {
      baseUrl: endpoint,
      api: 'anthropic-messages',
      apiKey: 'none',
      models: [{ id: 'stub-model' }],
    };
    writeFileSync(join(folder, 'models.json'), JSON.stringify({ providers: { stub } }));
    return {
      command: [program, '-p', '--mode', 'json', '--provider', 'stub', '--model', 'stub-model'],
      set: { PI_OFFLINE: '1' },
    };
  },
  tools: {
    write: (path, content) => call('write', { path, content }),
    shell: (command) => call('bash', { command }),
  },
  usage: (events) =>
    sumOf(
      events
        .filter(({ type, message }: Printed) => type === 'message_end' && message.role === 'assistant')
        .map(({ message: { usage } }: Printed) => ({ input: usage.input, output: usage.output })),
    ),
};
