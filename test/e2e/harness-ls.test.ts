/**
 * `waggle harness ls` as it is started: without a bus, without a waggle.yaml, and with one.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProject, type TestProject } from './project.ts';

let bare: TestProject;
let configured: TestProject;

beforeAll(() => {
  bare = makeProject({ config: undefined });
  const bin = join(bare.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'codex'), '#!/bin/sh\n');
  chmodSync(join(bin, 'codex'), 0o755);
  configured = makeProject({
    variables: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
  });
});
afterAll(async () => {
  await bare.remove();
  await configured.remove();
});

const NAMES = ['claude', 'codex', 'opencode', 'pi', 'droid', 'gemini', 'command'];

test('all harnesses are listed where nothing else is', async () => {
  const { code, stdout, stderr } = await bare.waggle('harness', 'ls');
  expect([code, stderr]).toEqual([0, '']);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^HARNESS +ONE-SHOT +RESUMABLE +STEER .*PROGRAM$/);
  expect(rows.map((row) => row.split(' ')[0])).toEqual(NAMES);
  expect(await bare.json('harness')).toHaveLength(NAMES.length);
});

test('a program that is on PATH is told with its path, a profile with its harness', async () => {
  const entries = await configured.json('harness', 'ls');
  const codex = entries.find(({ harness }: { harness: string }) => harness === 'codex');
  const command = entries.find(({ harness }: { harness: string }) => harness === 'command');
  expect(codex).toMatchObject({
    program: 'codex',
    path: join(bare.folder, 'bin', 'codex'),
    capabilities: { one_shot: true, prompts: expect.any(Array) },
    profiles: [],
  });
  expect(command).toMatchObject({ profiles: ['default'], capabilities: { events: false } });
  expect(command).not.toHaveProperty('program');
});

test('a waggle.yaml with a mistake is told, and keeps nothing back', async () => {
  writeFileSync(join(bare.folder, 'waggle.yaml'), 'project: demo\nlanez: {}\n');
  const { code, stdout, stderr } = await bare.waggle('harness', 'ls', '--json');
  expect([code, stderr]).toEqual([0, expect.stringContaining('lanez')]);
  expect(JSON.parse(stdout)).toHaveLength(NAMES.length);
});
