import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { profileChecks } from '../../../../../services/cli/doctor/profiles.ts';
import { readConfig } from '../../../../../shared/config/config-file.ts';
import { temporaryFolder } from '../../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;

beforeAll(() => {
  place = temporaryFolder('waggle-doctor-');
  writeFileSync(join(place.path, 'agent'), '#!/bin/sh\n');
  chmodSync(join(place.path, 'agent'), 0o755);
  mkdirSync(join(place.path, 'account'));
});
afterAll(() => place.remove());

async function checksOf(text: string) {
  const folder = place.path;
  const read = readConfig(text, { file: 'waggle.yaml', folder });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const config = { ...read.value, folder, path: join(folder, 'waggle.yaml') };
  const checks = await profileChecks({ config, root: folder }, { PATH: folder });
  return checks.map(({ name, status, details, error }) => [name, status, details ?? error]);
}

it('each profile is looked at: its program, its prompt, and the folder of its account', async () => {
  const found = await checksOf(`project: demo
profiles:
  own: { command: [agent, "{prompt_file}"] }
  gone: { command: [./nowhere] }
  big: { harness: claude }
  second: { harness: claude, program: agent, account: account }
  third: { harness: claude, program: agent, account: elsewhere }
  taught: { command: [agent], template: single-task }
  untaught: { command: [agent], template: gone }
`);
  expect(found).toEqual([
    ['profile own', 'pass', join(place.path, 'agent')],
    ['profile gone', 'warn', 'command runs ./nowhere'],
    ['profile big', 'warn', expect.stringContaining('cannot start claude')],
    [
      'profile second',
      'pass',
      `claude, ${join(place.path, 'agent')}, account ${join(place.path, 'account')}`,
    ],
    ['profile third', 'warn', `claude, ${join(place.path, 'agent')}`],
    ['profile taught', 'pass', join(place.path, 'agent')],
    ['profile untaught', 'warn', join(place.path, 'agent')],
  ]);
});

it('a project without profiles is told that its workers have nothing to run', async () => {
  expect(await checksOf('project: demo\n')).toEqual([
    ['profile', 'warn', expect.stringContaining('`waggle profile add`')],
  ]);
});
