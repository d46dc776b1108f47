import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { bootId, hostName, isAlive, processIdentity } from '../../../../shared/process/identity.ts';
import { parseStat, procTable, psTable } from '../../../../shared/process/process-table.ts';
import { waitUntil } from '../../../support/fake-harness-watch.ts';

test('this process is alive, and known by the same identity each time', async () => {
  const identity = await processIdentity(process.pid);
  expect(identity).toEqual(await processIdentity(process.pid));
  expect(await isAlive(identity!)).toBe(true);
});

test('the same pid with another start is not the same process', async () => {
  expect(await isAlive({ pid: process.pid, startedAt: 'earlier' })).toBe(false);
});

test('an ended process is dead', async () => {
  const child = spawn('sleep', ['60']);
  const identity = await processIdentity(child.pid!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isAlive(identity!)).toBe(false);
});

test('a stopped process is alive', async () => {
  const child = spawn('sleep', ['60']);
  try {
    const identity = await processIdentity(child.pid!);
    child.kill('SIGSTOP');
    expect(await isAlive(identity!)).toBe(true);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a zombie is dead', async () => {
  // The parent becomes a program that never reaps the child it had as a shell.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    const table = process.platform === 'linux' ? procTable : psTable;
    await waitUntil('the child is a zombie', async () => (await table.entry(pid))?.zombie === true);
    expect(await processIdentity(pid)).toBeUndefined();
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});

test('a command name with blanks and parentheses does not shift the fields', () => {
  const fields = Array.from({ length: 40 }, (_, index) => String(index + 4));
  expect(parseStat(`77 (a) b) R ${fields.join(' ')}`, 'boot')).toEqual({
    pid: 77,
    pgid: 5,
    startedAt: '22@boot',
    zombie: false,
  });
});

test('the table from ps says the same of a process as the one from /proc', async () => {
  const child = spawn('sleep', ['60'], { detached: true });
  try {
    const entry = await psTable.entry(child.pid!);
    expect(entry).toMatchObject({ pid: child.pid, pgid: child.pid, zombie: false });
    expect(entry!.startedAt).toMatch(/ 20\d\d$/);
    expect(await psTable.entry(child.pid!)).toEqual(entry);
    expect((await psTable.all()).map(({ pid }) => pid)).toContain(child.pid);
    expect(await psTable.entry(2 ** 22 + 1)).toBeUndefined();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test.each([
  ['/proc', procTable],
  ['ps', psTable],
] as const)('a process is found by exactly its arguments, from %s', async (source, table) => {
  if (source === '/proc' && process.platform !== 'linux') return;
  // Digits of this run alone: somebody else on this machine may run the same test.
  const [only, other, none] = [1, 2, 3].map((n) => `60.${n}${randomInt(1e9)}`);
  const children = [spawn('sleep', [only!]), spawn('sleep', [only!, other!])];
  try {
    await Promise.all(children.map((child) => once(child, 'spawn')));
    expect(await table.withArguments([only!])).toEqual([children[0]!.pid]);
    expect(await table.withArguments([only!, other!])).toEqual([children[1]!.pid]);
    expect(await table.withArguments([none!])).toEqual([]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => once(child, 'exit')));
  }
});

test('host and boot are known and stay the same', async () => {
  expect(hostName()).not.toBe('');
  expect(await bootId()).toMatch(/^[0-9A-Fa-f-]{36}$/);
  expect(await bootId()).toBe(await bootId());
});
