import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { acquireStateLock } from '../../../shared/process/state-lock.ts';
import { randomId } from '../../../shared/random.ts';
import { startDoctor, type TestDoctor } from '../../support/doctor.ts';
import { startHive, type TestHive } from '../../support/orchestrator.ts';

let hive: TestHive;
let doctor: TestDoctor;
beforeAll(async () => {
  hive = await startHive();
});
afterAll(() => hive.stop());
beforeEach(async () => {
  doctor = await startDoctor(hive.server);
});
afterEach(() => doctor.close());

/** Leaves so many bytes of a file of the project. */
function cut(at: number, ...names: string[]): string {
  const file = join(doctor.line.folder, ...names);
  truncateSync(file, at);
  return file;
}

test('a whole project passes: no check of stored things finds a fault', async () => {
  const { checks } = await doctor.report();
  const named = ['snapshots', 'journal', 'elections', 'stored files', 'refused', 'lane main', 'waggle up'];
  const found = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  for (const name of named) expect([name, found[name]]).toEqual([name, 'pass']);
});

test('a bus file that is cut off is named with what writes it anew, and what needs no bus is looked at still', async () => {
  const file = cut(80, '.waggle', 'bus.json');
  const { checks } = await doctor.report();
  const byName = (name: string) => checks.find((check) => check.name === name);
  expect(byName('known')).toMatchObject({
    status: 'fail',
    error: expect.stringMatching(
      new RegExp(
        `^${file}: not JSON .*; \`waggle up\` writes it anew \\(where it runs: after \`waggle down\`\\)$`,
      ),
    ),
  });
  expect(byName('journal')).toMatchObject({ status: 'skip', details: 'no bus is known' });
  expect(byName('lane main')?.status).toBe('pass');
});

test('a waggle.yaml cut off within a line is named with its line, and the bus is looked at still', async () => {
  const file = cut('project: test\nlanes: { m'.length, 'waggle.yaml');
  const { checks } = await doctor.report();
  const found = checks.find(({ name }) => name === 'waggle.yaml');
  expect(found).toMatchObject({ status: 'fail', error: expect.stringContaining(`${file}:`) });
  expect(checks.find(({ name }) => name === 'journal')?.status).toBe('pass');
});

test('an up.json that cannot be read is told of, also while its process runs, which the lock still names', async () => {
  const file = join(doctor.line.folder, '.waggle', 'up.json');
  writeFileSync(file, '{"v":1,"proj');
  expect(await doctor.check('waggle up')).toMatchObject({
    status: 'warn',
    error: `${file} cannot be read`,
    details: 'none runs here',
    mend: expect.stringContaining('`waggle down`'),
  });
  const lock = await acquireStateLock(join(doctor.line.folder, '.waggle', 'up'), { randomId });
  try {
    expect(await doctor.check('waggle up')).toMatchObject({
      status: 'fail',
      error: expect.stringContaining(`${file} cannot be read`),
      details: `process ${process.pid} runs`,
    });
  } finally {
    await lock.release();
  }
  expect(await doctor.line.run(['down'])).toMatchObject({ code: 0, stdout: 'nothing runs here\n' });
  expect((await doctor.check('waggle up')).status).toBe('pass');
});
