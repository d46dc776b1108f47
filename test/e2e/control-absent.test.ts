/**
 * `waggle msg`, `steer`, `next-prompt`, `pause`, `resume`, `stop` and `kill` as they are started: told to nobody, and to
 * an agent that answers. What a worker makes of them is shown where workers run.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Control, ControlAnswer } from '../../schemas/index.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import type { Subscription } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf } from './commands.ts';

let hive: TestHive;
let commands: Commands;
let subscription: Subscription;
const heard: Control[] = [];

const answers: Partial<Record<Control['kind'], ControlAnswer>> = {
  msg: { v: 1, status: 'done', applied: 'next_run' },
  pause: { v: 1, status: 'done', applied: 'next_run' },
  resume: { v: 1, status: 'ignored', message: 'bob was not paused' },
  steer: { v: 1, status: 'refused', message: 'nobody reads it' },
};

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  await hive.configure({ roles: { operator: 'operator' } });
  const bob = await hive.connect('bob');
  subscription = bob.subscribe(subjectsOf(project).request('control', 'bob'));
  void (async () => {
    for await (const delivery of subscription) {
      const control = decode('Control', delivery);
      heard.push(control);
      const { payload, headers } = encode(
        'ControlAnswer',
        answers[control.kind] ?? { v: 1, status: 'done', applied: 'now' },
      );
      delivery.respond(payload, headers);
    }
  })();
  await bob.flush();
});
afterAll(async () => {
  subscription.close();
  await commands.close();
  await hive.stop();
});

const run = (...words: string[]) => commands.waggle(words);

describe('an agent that does not run', () => {
  test.each([
    ['msg', 'nobody', 'hello'],
    ['steer', 'nobody', 'hello'],
    ['next-prompt', 'nobody', 'hello'],
    ['pause', 'nobody', '--for', '30m'],
    ['resume', 'nobody'],
    ['stop', 'nobody'],
    ['kill', 'nobody'],
  ])('is absent for %s', async (...words) => {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^nobody takes no orders: /);
  });

  test('is told of in JSON, beside those that answer', async () => {
    const { code, stdout } = await run('msg', 'bob', 'nobody', 'hello', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      [
        { agent: 'bob', status: 'done', applied: 'next_run' },
        { agent: 'nobody', status: 'absent' },
      ],
    ]);
    expect(heard.at(-1)).toMatchObject({ kind: 'msg', text: 'hello' });
  });
});

describe('an agent that runs', () => {
  test('says when it will be so, or that it will not', async () => {
    expect(await run('msg', 'bob', 'hello')).toMatchObject({
      code: 0,
      stdout: 'bob: applied with its next run\n',
    });
    expect(await run('pause', 'bob', '--for', '30m')).toMatchObject({
      code: 0,
      stdout: 'bob: applied when its run ends\n',
    });
    expect(heard.at(-1)).toMatchObject({ kind: 'pause', for_ms: 1_800_000 });
    expect(await run('resume', 'bob')).toMatchObject({
      code: 1,
      stdout: 'bob: nothing to do: bob was not paused\n',
    });
    expect(await run('steer', 'bob', 'x')).toMatchObject({
      code: 1,
      stdout: 'bob: refused: nobody reads it\n',
    });
    expect(await run('kill', 'bob', '--reason', 'circles')).toMatchObject({
      code: 0,
      stdout: 'bob: applied now\n',
    });
    expect(heard.at(-1)).toMatchObject({ kind: 'kill', reason: 'circles' });
  });

  test('gets its text from words, a flag, a file or standard input', async () => {
    writeFileSync(join(commands.folder, 'text.md'), 'from a file\n');
    expect((await run('msg', 'bob', '-m', 'from a flag')).code).toBe(0);
    expect((await run('next-prompt', 'bob', '-f', 'text.md')).code).toBe(0);
    expect((await commands.waggle(['msg', 'bob'], { input: 'from a pipe' })).code).toBe(0);
    expect(heard.slice(-3)).toMatchObject([
      { kind: 'msg', text: 'from a flag' },
      { kind: 'next_prompt', text: 'from a file\n' },
      { kind: 'msg', text: 'from a pipe' },
    ]);
  });
});

test.each([
  ['nobody at all', ['stop'], 'or --all'],
  ['some and all', ['stop', 'w1', '--all'], 'got both'],
  ['no name', ['kill', 'No Name'], 'the name of an agent'],
  ['no text', ['msg', 'bob', ' '], 'expected a text behind the names, got none'],
  ['two texts', ['msg', 'bob', '-m', 'x', '-f', 'y'], 'got both'],
  ['a file that is not there', ['msg', 'bob', '-f', 'gone.md'], 'gone.md'],
])('%s is a usage error', async (_, words, message) => {
  const { code, stderr } = await run(...words);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('--all is refused when no worker is heard of', async () => {
  const { code, stdout } = await run('pause', '--all', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: 'refused',
    message: expect.stringContaining('no worker'),
  });
});
