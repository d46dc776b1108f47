/**
 * `fmail` as agents and scripts start it: processes of their own, over the bus and over an agent's socket. What it
 * prints is in fmail.test.ts; here is what only a process shows: streams, exit codes, signals, and how soon a watch
 * prints.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf, type Ended, steady, untilOutput } from './commands.ts';
import { type Ways, waysTo } from './fmail-ways.ts';

const SCRIPT = fileURLToPath(new URL('../../dist/services/cli/fmail.js', import.meta.url));

let hive: TestHive;
let commands: Commands;
let ways: Ways;
let alice: Bus;

const run = (...args: string[]): Promise<Ended> => commands.fmail(args, { agent: 'alice' });
const send = (to: MailTarget, body: string): Promise<number> =>
  sendMail(alice, project, 'alice', to, {
    v: 1,
    id: randomId(),
    kind: 'message',
    at: systemClock.now(),
    body,
  });
const topic = (name: string): MailTarget => ({ kind: 'topic', name });

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  ways = waysTo(hive);
  alice = await hive.connect('alice');
});
afterAll(async () => {
  await commands.close();
  await ways.close();
  await hive.stop();
});

test('what is sent is printed by its id, and stands in the log as it was written', async () => {
  writeFileSync(join(commands.folder, 'note.md'), 'from a\nfile\n');
  const sent = [
    await run('send', 'tasks', 'first task'),
    await run('send', 'tasks', '-f', 'note.md'),
    await commands.fmail(['send', 'tasks'], { agent: 'carol', input: 'piped\n' }),
    await commands.fmail(['send', 'tasks', 'nameless']),
  ];
  expect(sent.map(({ code, stdout, stderr }) => [code, steady(stdout), stderr])).toEqual(
    [1, 2, 3, 4].map((n) => [0, `DATE-000${n}\n`, '']),
  );
  const { code, stdout, stderr } = await run('log');
  expect([code, stderr]).toEqual([0, '']);
  expect(steady(stdout).replace(/anon-\d+/, 'anon-PID')).toBe(
    'DATE-0001 alice -> tasks: first task\nDATE-0002 alice -> tasks: from a\nfile\nDATE-0003 carol -> tasks: piped\nDATE-0004 anon-PID -> tasks: nameless\n',
  );
});

test('notices to the orchestrator are shown to whoever asks for them', async () => {
  const operator = await hive.client('operator');
  const task = { id: 'one', title: 'one', expects: 'none' as const };
  await operator.command({ v: 1, kind: 'add', id: randomId(), tasks: [task] });
  await operator.command({ v: 1, kind: 'start', id: randomId(), task: 'one' });
  const watching = commands.start('fmail', ['log', '@orchestrator', '-f'], { agent: 'alice' });
  const text = await untilOutput(watching, 'the notice', (seen) => seen.includes('\n'));
  expect(steady(text)).toMatch(/^DATE-\d{4} orchestrator -> @orchestrator: claim: one by operator\n$/);
  watching.kill('SIGTERM');
  expect((await watching).exitCode).toBe(0);
});

describe.each(['bus', 'socket'] as const)('a watch over the %s', (name) => {
  let variables: Readonly<Record<string, string>>;
  beforeAll(async () => {
    variables = await ways[name].variables('bob');
  });
  const start = (...args: string[]) => commands.start('fmail', args, { variables });

  test('shows each message at once, long before it ends, and ends well on Ctrl-C', async () => {
    const place = topic(`stream-${name}`);
    const watching = start('watch', place.name);
    const ready = untilOutput(watching, 'the first probe', (seen) => seen.includes('probe'));
    // A watch begins with what comes after it has started, and nothing else tells when that is.
    const probes: Promise<unknown>[] = [];
    const probing = setInterval(() => probes.push(send(place, 'probe')), 50);
    await ready.finally(() => clearInterval(probing));
    await Promise.allSettled(probes);
    const delays: number[] = [];
    for (let n = 1; n <= 9; n += 1) {
      const visible = untilOutput(watching, `message ${n}`, (seen) => seen.includes(`: message ${n}\n`));
      const sentAt = performance.now();
      await send(place, `message ${n}`);
      await visible;
      delays.push(performance.now() - sentAt);
    }
    expect(watching.exitCode).toBeNull();
    const [median = Number.NaN] = delays.sort((a, b) => a - b).slice(4);
    expect(median).toBeLessThan(50);
    watching.kill('SIGINT');
    const ended = await watching;
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  });

  test('ends after a count or a time, with 0', async () => {
    const counting = start('watch', '@bob', '--count', '2', '--json');
    const timing = start('watch', '--timeout', '300ms');
    const probes: Promise<unknown>[] = [];
    const probing = setInterval(() => probes.push(send({ kind: 'agent', name: 'bob' }, 'probe')), 50);
    const [counted, timed] = await Promise.all([counting, timing]).finally(() => clearInterval(probing));
    await Promise.allSettled(probes);
    const bodies = String(counted.stdout)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).body);
    expect([counted.exitCode, bodies]).toEqual([0, ['probe', 'probe']]);
    expect([timed.exitCode, timed.stdout, timed.stderr]).toEqual([0, '', '']);
  });

  test('that nobody reads for a while says how far it is behind, and then shows every message once, in order', async () => {
    const place = topic(`slow-${name}`);
    const total = 4_000;
    const env = { ...commands.variables, ...variables };
    const child = spawn(process.execPath, [SCRIPT, 'log', place.name, '-f'], { cwd: commands.folder, env });
    try {
      const said = { stdout: '', stderr: '' };
      child.stderr.on('data', (piece: Buffer) => {
        said.stderr += piece;
      });
      await send(place, 'the first');
      await once(child.stdout, 'readable');
      const body = 'x'.repeat(2_000);
      for (let at = 0; at < total; at += 200) {
        await Promise.all(Array.from({ length: 200 }, (_, n) => send(place, `${at + n} ${body}`)));
      }
      child.stdout.on('data', (piece: Buffer) => {
        said.stdout += piece;
      });
      await untilLines(child, () => said.stdout.split('\n').length > total + 1);
      const numbers = said.stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => Number(/: (\d+) x/.exec(line)?.[1]));
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, n) => n));
      const ids = said.stdout
        .trimEnd()
        .split('\n')
        .map((line) => Number(/^\d{8}-\d{6}-(\d+) /.exec(line)?.[1]));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(said.stderr).toMatch(/^Warning: \d{4} messages behind; catching up\n/);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

test('usage, failure and help have the exit codes and streams that scripts know', async () => {
  const [usage, failure, unknown, help] = await Promise.all([
    run('send', 'tasks'),
    run('send', 'a_b', 'x'),
    run('frobnicate'),
    run(),
  ]);
  expect([usage.code, usage.stdout, usage.stderr]).toEqual([2, '', 'Error: message body is required\n']);
  expect([failure.code, failure.stdout]).toEqual([1, '']);
  expect([unknown.code, unknown.stderr]).toEqual([1, 'Error: unknown command "frobnicate" for "fmail"\n']);
  expect([help.code, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toMatch(/\nUsage:\n {2}fmail \[command\]\n/);
});

/** Waits for what standard output brings. */
async function untilLines(child: ChildProcess, isEnough: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  while (!isEnough()) await once(child.stdout ?? child, 'data', { signal });
}
