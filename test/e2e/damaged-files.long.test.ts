import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isAlive } from '../../shared/process/identity.ts';
import { makeProject, type TestProject } from './project.ts';

let tiny: TestProject | undefined;
afterEach(async () => {
  await tiny?.remove();
  tiny = undefined;
});

type Check = { name: string; status: string; error?: string; details?: string };

test('`waggle up` begins over a damaged bus.json, `waggle down` ends what a damaged up.json hides', async () => {
  tiny = makeProject();
  const { folder } = tiny;
  const find = async (name: string): Promise<Check | undefined> => {
    const { stdout } = await tiny!.waggle('doctor', '--json');
    return (JSON.parse(stdout) as { checks: Check[] }).checks.find((check) => check.name === name);
  };
  mkdirSync(join(folder, '.waggle'));
  writeFileSync(join(folder, '.waggle', 'bus.json'), '{"v":1,"pro');
  expect(await find('known')).toMatchObject({ status: 'fail' });
  const up = await tiny.waggle('up', '--workers', '1', '--detach');
  expect([up.code, up.stderr]).toEqual([0, expect.not.stringContaining('bus.json')]);
  const process = tiny.up() as unknown as { pid: number; identity: string };

  writeFileSync(join(folder, '.waggle', 'up.json'), '{"v":1,"pro');
  expect(await find('waggle up')).toMatchObject({ status: 'fail', details: `process ${process.pid} runs` });
  expect(await tiny.waggle('up', '--detach')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`process ${process.pid}`),
  });
  // A bus file that is cut meanwhile keeps nobody from leaving, either.
  writeFileSync(join(folder, '.waggle', 'bus.json'), '{"v":1,"pro');
  expect(await tiny.waggle('down')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('everything has stopped\n'),
  });
  expect(await isAlive({ pid: process.pid, startedAt: process.identity })).toBe(false);
  expect(await tiny.servers()).toEqual([]);
  expect(existsSync(join(folder, '.waggle', 'up.json'))).toBe(false);

  const again = await tiny.waggle('up', '--workers', '1', '--detach');
  expect(again.code).toBe(0);
  for (const name of ['known', 'journal', 'snapshots', 'w1', 'committer', 'waggle up'])
    expect([name, (await find(name))?.status]).toEqual([name, 'pass']);
}, 180_000);
