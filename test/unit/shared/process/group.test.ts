import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import {
  endGroup,
  endMarked,
  type ProcessGroup,
  signalGroup,
  terminateGroup,
} from '../../../../shared/process/group.ts';
import { processIdentity } from '../../../../shared/process/identity.ts';
import { processTable } from '../../../../shared/process/process-table.ts';
import { randomId } from '../../../../shared/random.ts';
import { expectRunning, processesWith, waitUntil } from '../../../support/fake-harness-watch.ts';

const options = { graceMs: 100, clock: systemClock };
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
});

/** A group whose leader runs `script`; its first word of output has come. */
async function startGroup(script: string, marker: string, env = {}): Promise<ProcessGroup> {
  const child = spawn('/bin/sh', ['-c', script, marker], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return { pgid: child.pid!, identity: (await processIdentity(child.pid!))! };
}

const LOOP = 'while :; do sleep 0.05; done';

test('a group whose leader ignores TERM is ended with all its members', async () => {
  const marker = `group-${randomId(8)}`;
  const group = await startGroup(
    `trap '' TERM; sh -c '${LOOP}' $0-child & sh -c '${LOOP}' $0-child & echo up; ${LOOP}`,
    marker,
  );
  await expectRunning(marker, 3);
  expect(await endGroup(group, options)).toBe('ended');
  expect(await processesWith(marker)).toEqual([]);
  expect(await endGroup(group, options)).toBe('absent');
});

test('a group whose number went to another process is not touched', async () => {
  const marker = `group-${randomId(8)}`;
  const group = await startGroup(`echo up; ${LOOP}`, marker);
  const earlier = { pgid: group.pgid, identity: { pid: group.pgid, startedAt: 'earlier' } };
  expect(await endGroup(earlier, options)).toBe('absent');
  await expectRunning(marker, 1);
});

/** A group whose leader has ended and one of whose members lives. */
async function startLeaderless(marker: string, env = {}): Promise<ProcessGroup> {
  const group = await startGroup(`sh -c '${LOOP}' $0-child & echo up; read never`, marker, env);
  children.at(-1)!.stdin!.end();
  // Not only a zombie: as long as its parent has not reaped it, its number proves whose the group is.
  await waitUntil('the leader is gone', async () => (await processTable.entry(group.pgid)) === undefined);
  return group;
}

test.runIf(process.platform === 'linux')(
  'members without their leader are ended by their marker',
  async () => {
    const marker = `group-${randomId(8)}`;
    const group = await startLeaderless(marker, { WAGGLE_RUN: 'r1' });
    expect(await endGroup(group, { ...options, marker: 'WAGGLE_RUN=r1' })).toBe('ended');
    expect(await processesWith(marker)).toEqual([]);
  },
);

test('members without their leader that prove nothing are not touched', async () => {
  const marker = `group-${randomId(8)}`;
  const group = await startLeaderless(marker, { WAGGLE_RUN: 'r2' });
  expect(await endGroup(group, { ...options, marker: 'WAGGLE_RUN=r1' })).toBe('unproven');
  expect(await endGroup(group, options)).toBe('unproven');
  await expectRunning(marker, 1);
});

test('zombies that nobody reaps do not keep a group alive', async () => {
  // The parent, outside the group, never waits for the group's leader.
  const parent = spawn(
    'perl',
    [
      '-e',
      'if (my $p = fork) { $| = 1; print "$p\\n"; sleep 60 } else { setpgrp; select undef, undef, undef, 30 }',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const pgid = Number(((await once(parent.stdout, 'data')) as [Buffer])[0]);
    await waitUntil('the group exists', () => signalGroup(pgid, 0));
    expect(await terminateGroup(pgid, { graceMs: 10_000, clock: systemClock })).toBe(true);
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});

test('a hurry cuts the grace short', async () => {
  const marker = `group-${randomId(8)}`;
  const { pgid } = await startGroup(`trap '' TERM; echo up; ${LOOP}`, marker);
  const hurry = new AbortController();
  const ending = terminateGroup(pgid, { graceMs: 60_000, clock: systemClock, hurry: hurry.signal });
  hurry.abort();
  expect(await ending).toBe(true);
  expect(await processesWith(marker)).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  'what has a marker is ended in whatever group it is, and nothing else',
  async () => {
    const marker = `group-${randomId(8)}`;
    await startGroup(`echo up; ${LOOP}`, `${marker}-other`, { WAGGLE_RUN: 'other' });
    await startGroup(`trap '' TERM; echo up; ${LOOP}`, `${marker}-a`, { WAGGLE_RUN: marker });
    await startGroup(`echo up; ${LOOP}`, `${marker}-b`, { WAGGLE_RUN: marker });
    await expectRunning(marker, 3);
    expect(await endMarked(`WAGGLE_RUN=${marker}`, options)).toBeGreaterThanOrEqual(2);
    expect(await processesWith(`${marker}-a`)).toEqual([]);
    expect(await processesWith(`${marker}-b`)).toEqual([]);
    await expectRunning(`${marker}-other`, 1);
    expect(await endMarked(`WAGGLE_RUN=${marker}`, options)).toBe(0);
  },
);
