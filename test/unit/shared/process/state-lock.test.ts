import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { bootId, processIdentity } from '../../../../shared/process/identity.ts';
import { acquireStateLock, lockHolder } from '../../../../shared/process/state-lock.ts';
import { randomId } from '../../../../shared/random.ts';
import { buildProgram } from '../../../support/fake-harness-build.ts';

interface Answer {
  generation?: number;
  incarnation?: string;
  refused?: string;
}

interface Racer {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  line(): Promise<string>;
  attempt(): Promise<Answer>;
  kill(): Promise<void>;
}

let buildFolder: string;
let program: string;
let folder: string;
const racers: Racer[] = [];

beforeAll(async () => {
  buildFolder = await mkdtemp(join(tmpdir(), 'waggle-racer-'));
  program = await buildProgram(new URL('lock-racer.ts', import.meta.url), buildFolder);
});
afterAll(() => rm(buildFolder, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-lock-'));
});
afterEach(async () => {
  await Promise.all(racers.splice(0).map((racer) => racer.kill()));
  await rm(folder, { recursive: true, force: true });
});

async function startRacer(): Promise<Racer> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const racer: Racer = {
    child,
    line: async () => String((await lines.next()).value),
    attempt: async () => {
      child.stdin.write('go\n');
      return JSON.parse(await racer.line()) as Answer;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
  racers.push(racer);
  expect(await racer.line()).toBe('ready');
  return racer;
}

const writeLock = async (generation: number, changes: Record<string, unknown>): Promise<void> => {
  const self = await processIdentity(process.pid);
  const record = { ...self, host: hostname(), boot: await bootId(), incarnation: `${generation}-old` };
  await writeFile(join(folder, `lock.${generation}`), JSON.stringify({ ...record, ...changes }));
};

test('of 20 racing processes exactly one gets the lock, again after each kill -9 of the holder', async () => {
  let racing = await Promise.all(Array.from({ length: 20 }, startRacer));
  for (const generation of [1, 2, 3, 4, 5]) {
    const answers = await Promise.all(racing.map((racer) => racer.attempt()));
    const winners = answers.filter((answer) => answer.generation !== undefined);
    expect(winners).toEqual([
      { generation, incarnation: expect.stringMatching(`^${generation}-[0-9a-z]{20}$`) },
    ]);
    expect(answers.filter((answer) => answer.refused === 'state-locked')).toHaveLength(racing.length - 1);
    const holder = racing[answers.findIndex((answer) => answer.generation !== undefined)]!;
    await holder.kill();
    racing = racing.filter((racer) => racer !== holder);
  }
  expect((await readdir(folder)).sort()).toEqual(['lock.5', 'state-id']);
});

test('a stopped holder still holds', async () => {
  const racer = await startRacer();
  expect(await racer.attempt()).toMatchObject({ generation: 1 });
  racer.child.kill('SIGSTOP');
  await expect(acquireStateLock(folder, { randomId })).rejects.toMatchObject({
    code: 'state-locked',
    details: { pid: racer.child.pid },
  });
});

test('contenders within one process never hold it together, over many releases', async () => {
  let holding = 0;
  const generations: number[] = [];
  const contend = async (): Promise<void> => {
    while (generations.length < 30) {
      const lock = await acquireStateLock(folder, { randomId }).catch((error: { code?: string }) => {
        expect(error.code).toBe('state-locked');
      });
      if (lock === undefined) continue;
      expect(++holding).toBe(1);
      generations.push(lock.generation);
      await new Promise((resolve) => setImmediate(resolve));
      holding--;
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: 8 }, contend));
  expect(generations).toEqual(generations.toSorted((a, b) => a - b));
  expect(new Set(generations).size).toBe(generations.length);
});

test('a released directory is taken again with a higher generation and the same state id', async () => {
  const first = await acquireStateLock(folder, { randomId });
  await first.release();
  await first.release();
  const second = await acquireStateLock(folder, { randomId });
  expect(second.generation).toBe(first.generation + 1);
  expect(second.stateId).toBe(first.stateId);
  expect(second.place).toEqual(first.place);
  expect(second.place).toMatchObject({ host: hostname(), boot: await bootId() });
});

test('releasing a directory that somebody removed is no error', async () => {
  const lock = await acquireStateLock(folder, { randomId });
  await rm(folder, { recursive: true });
  await lock.release();
  expect((await acquireStateLock(folder, { randomId })).generation).toBe(1);
});

test('a lock whose pid now belongs to another process is free', async () => {
  await writeLock(3, { startedAt: 'long ago' });
  expect((await acquireStateLock(folder, { randomId })).generation).toBe(4);
});

test('a lock of an earlier boot of this host is free', async () => {
  await writeLock(1, { boot: 'before' });
  expect((await acquireStateLock(folder, { randomId })).generation).toBe(2);
});

test('a lock of another host is refused, with what to do', async () => {
  await writeLock(1, { host: 'elsewhere', boot: 'other' });
  await expect(acquireStateLock(folder, { randomId })).rejects.toMatchObject({
    code: 'state-foreign',
    message: expect.stringContaining(join(folder, 'lock.1')),
  });
});

test('a lock that a loss of power left empty is free', async () => {
  await writeFile(join(folder, 'lock.9'), '');
  const lock = await acquireStateLock(folder, { randomId });
  expect(lock.generation).toBe(10);
  expect(JSON.parse(await readFile(join(folder, 'lock.10'), 'utf8'))).toMatchObject({ pid: process.pid });
});

test('a renamed directory is the same place, a copy of it is another', async () => {
  const original = join(folder, 'original');
  const first = await acquireStateLock(original, { randomId });
  await first.release();
  await cp(original, join(folder, 'copy'), { recursive: true, preserveTimestamps: true });
  const copy = await acquireStateLock(join(folder, 'copy'), { randomId });
  await copy.release();
  await rename(original, join(folder, 'renamed'));
  const renamed = await acquireStateLock(join(folder, 'renamed'), { randomId });
  await renamed.release();
  expect(copy.stateId).toBe(first.stateId);
  expect(copy.place.state).not.toBe(first.place.state);
  expect(renamed.place).toEqual(first.place);
});

test('who holds a directory can be seen without taking it', async () => {
  expect(await lockHolder(join(folder, 'nothing'))).toBeUndefined();
  expect(await lockHolder(folder)).toBeUndefined();
  const lock = await acquireStateLock(folder, { randomId });
  expect(await lockHolder(folder)).toEqual(await processIdentity(process.pid));
  const before = (await readdir(folder)).sort();
  await lock.release();
  expect(await lockHolder(folder)).toBeUndefined();
  await writeFile(join(folder, 'lock.9'), '{"pid":');
  expect(await lockHolder(folder)).toBeUndefined();
  expect((await readdir(folder)).sort()).toEqual([...before, 'lock.9'].sort());
});

test('a directory whose id was emptied is another place from then on, and what stood there is kept', async () => {
  const first = await acquireStateLock(folder, { randomId });
  await first.release();
  await writeFile(join(folder, 'state-id'), '\u0000\u0000');
  const second = await acquireStateLock(folder, { randomId });
  await second.release();
  expect(second.stateId).toMatch(/^\w{20}$/);
  expect(second.place.state).not.toBe(first.place.state);
  expect(await readFile(join(folder, 'state-id.unreadable'), 'utf8')).toBe('\u0000\u0000');
  const third = await acquireStateLock(folder, { randomId });
  await third.release();
  expect(third.place.state).toBe(second.place.state);
});
