import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sequenceOf } from '../../shared/mail/record.ts';
import { randomId } from '../../shared/random.ts';
import { add, until } from '../support/asking.ts';
import { project } from '../support/orchestrator.ts';
import { type SocketRuns, startSocketRuns } from '../support/socket-runs.ts';
import type { WorkerProcessOptions } from '../support/worker-process.ts';

const cli = fileURLToPath(new URL('../../dist/services/cli/waggle.js', import.meta.url));
let runs: SocketRuns;
beforeAll(async () => {
  runs = await startSocketRuns();
});
// What a test that failed left running takes no task of another.
afterEach(() => runs.swarm.end());
afterAll(() => runs.stop());
const run: SocketRuns['run'] = (...args) => runs.run(...args);
const says: SocketRuns['says'] = (...requests) => runs.says(...requests);

describe('the socket of a run', () => {
  test('is for the owner alone, is told in the environment, and goes with the run', async () => {
    const { output } = await run('ls -l "$WAGGLE_SOCKET" | cut -c1-10; echo "path $WAGGLE_SOCKET"');
    expect(output).toMatch(/^srw-------$/m);
    const path = /^path (.*)$/m.exec(output)?.[1] ?? '';
    expect(path).not.toBe('');
    expect(existsSync(path)).toBe(false);
    const folderOfIt = dirname(path);
    if (existsSync(folderOfIt)) expect(statSync(folderOfIt).mode & 0o777).toBe(0o700);
  });

  test('has a short path where that of the state directory is too long, and leaves nothing of it', async () => {
    const name = `w-${'deep'.repeat(12)}`;
    const { output } = await run(
      'echo "path $WAGGLE_SOCKET"; ls -ld "$(dirname "$WAGGLE_SOCKET")"',
      {},
      {},
      name,
    );
    const path = /^path (.*)$/m.exec(output)?.[1] ?? '';
    expect(path.length).toBeLessThanOrEqual(100);
    expect(path.startsWith(runs.swarm.folder)).toBe(false);
    expect(output).toMatch(/^drwx------/m);
    expect(existsSync(dirname(path))).toBe(false);
    expect(existsSync(join(runs.swarm.folder, name, 'socket-folder'))).toBe(false);
  });

  test('what a killed worker left of it is in the way of no other run, and is removed', async () => {
    const name = `v-${'deep'.repeat(12)}`;
    const left = join(runs.folder, 'waggle-left');
    mkdirSync(left, { mode: 0o700 });
    writeFileSync(join(left, 'agent.sock'), '');
    mkdirSync(join(runs.swarm.folder, name), { recursive: true });
    writeFileSync(join(runs.swarm.folder, name, 'socket-folder'), left);
    const { answers } = await run(says({ cmd: 'ping' }), {}, {}, name);
    expect(answers).toEqual([{ ok: true }]);
    expect(existsSync(left)).toBe(false);
  });
});

test('SIGKILL to a worker leaves no socket in the way of its successor', async () => {
  const paths = join(runs.folder, 'paths');
  writeFileSync(paths, '');
  const options: WorkerProcessOptions = {
    login: runs.hive.server.workerSwarm,
    project,
    agent: 'mortal',
    stateDir: join(runs.folder, `mortal-${'deep'.repeat(20)}`),
    command: [
      'sh',
      '-c',
      `echo "$WAGGLE_SOCKET" >> "${paths}"; [ "$(wc -l < "${paths}")" -ge 2 ] || exec sleep 60; ${says({ cmd: 'task.done', args: { note: 'by socket' } })}`,
      '{prompt_file}',
    ],
  };
  const script = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));
  const start = () => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return child;
  };
  const killed = start();
  const killedHasEnded = once(killed, 'exit');
  await add(runs.client, { id: 'twice', title: 'Twice', expects: 'none' });
  const first = await until('the harness has its socket', () => {
    const text = readFileSync(paths, 'utf8');
    return text.endsWith('\n') && text.trim();
  });
  expect(existsSync(first)).toBe(true);
  killed.kill('SIGKILL');
  await killedHasEnded;
  const successor = start();
  const hasEnded = once(successor, 'exit');
  await until('it is done', async () => (await runs.view('twice')).state === 'closed');
  expect((await runs.view('twice')).closing?.note).toBe('by socket');
  successor.kill('SIGTERM');
  await hasEnded;
  expect(existsSync(dirname(first))).toBe(false);
});

describe('mail of a run', () => {
  test('is stored under the name of its worker, whatever it says', async () => {
    const { answers, agent } = await run(
      says(
        { cmd: 'send', to: 'task', body: 'from within', req_id: 'a' },
        { cmd: 'send', agent: 'operator', to: 'task', body: 'forged', req_id: 'b' },
        { cmd: 'send', project_id: 'elsewhere', to: 'task', body: 'astray', req_id: 'c' },
        { cmd: 'whoami' },
      ),
    );
    expect(answers).toMatchObject([
      { ok: true, req_id: 'a', result: { from: agent, to: 'task', body: 'from within' } },
      { ok: false, req_id: 'b', error: { code: 'invalid_agent' } },
      { ok: false, req_id: 'c', error: { code: 'invalid_project' } },
      { ok: true, result: { agent, project } },
    ]);
    const { records } = await runs.operator.log({ limit: 10 });
    expect(records.filter(({ from }) => from === agent).map(({ body }) => body)).toEqual(['from within']);
  });

  test('that waited stands in the prompt, and can be read and acknowledged', async () => {
    const name = 'reader';
    const mail = await runs.operator.send({
      id: randomId(),
      to: { kind: 'agent', name },
      body: 'mind the gap',
      ackWithinMs: 60_000,
    });
    const { answers, output } = await run(
      `cat "$0"; ${says({ cmd: 'mail.read', args: { id: mail.id } }, { cmd: 'mail.ack', args: { id: mail.id } })}`,
      {},
      {},
      name,
    );
    expect(output).toMatch(/^> mind the gap$/m);
    expect(answers).toMatchObject([{ result: { body: 'mind the gap' } }, { ok: true }]);
    const states = await until('it is acknowledged', async () => {
      const { receipts } = await runs.operator.trace(sequenceOf(mail));
      return receipts.some(({ state }) => state === 'acknowledged') && receipts;
    });
    expect(states.every(({ by }) => by === name)).toBe(true);
  });
});
test('every answer says that urgent mail waits, until it has been read', async () => {
  const name = 'busy';
  const [ready, go] = [join(runs.folder, 'busy-ready'), join(runs.folder, 'busy-go')];
  const going = run(
    `${says({ cmd: 'ping' })}echo > "${ready}"; while [ ! -e "${go}" ]; do sleep 0.02; done; ${says(
      { cmd: 'task.current' },
      { cmd: 'mail.inbox' },
      { cmd: 'ping' },
    )}`,
    {},
    {},
    name,
  );
  await until('it works', () => existsSync(ready));
  const to = { kind: 'agent', name } as const;
  await runs.operator.send({ id: randomId(), to, body: 'in time' });
  const urgent = await runs.operator.send({ id: randomId(), to, body: 'stop', priority: 'high' });
  // What tells the agent is not what has shown it the mail.
  expect((await runs.operator.trace(sequenceOf(urgent))).receipts).toEqual([]);
  writeFileSync(go, '');
  const { answers } = await going;
  expect(answers.map(({ notice }) => notice)).toEqual([
    undefined,
    '1 urgent mail waits: fmail inbox',
    undefined,
    undefined,
  ]);
});

test('a harness that waits for mail gets it, and its watch ends with the run', async () => {
  const name = 'watcher';
  const watching = `node -e "
    const socket = require('net').connect(process.env.WAGGLE_SOCKET);
    socket.write(JSON.stringify({ cmd: 'watch', topic: '@me' }) + String.fromCharCode(10));
    let text = '';
    socket.on('data', (data) => {
      text += data;
      const lines = text.split(String.fromCharCode(10));
      if (lines.length === 2) console.log('ready');
      if (lines.length === 3) { console.log(lines[1]); process.exit(0); }
    });
  "`;
  const going = run(watching, {}, {}, name);
  const folders = join(runs.swarm.folder, name, 'runs');
  await until('it watches', () => {
    const [one] = existsSync(folders) ? readdirSync(folders) : [];
    const log = join(folders, one ?? '', 'output.log');
    return one !== undefined && existsSync(log) && readFileSync(log, 'utf8').includes('ready');
  });
  await runs.operator.send({ id: randomId(), to: { kind: 'agent', name }, body: 'at last' });
  const { answers, task } = await going;
  expect(answers).toMatchObject([{ msg: { from: 'operator', to: `@${name}`, body: 'at last' } }]);
  expect(task.state).toBe('closed');
});

test('`waggle task` speaks over the socket of its run', async () => {
  const waggle = (words: string) => `node "${cli}" task ${words}`;
  const { output, task } = await run(
    [
      waggle('progress half way --json'),
      waggle('current'),
      `${waggle('list')}; echo "code $?"`,
      waggle('block a key is missing'),
    ].join('\n'),
    { body: 'in full' },
  );
  expect(task).toMatchObject({ state: 'blocked', blocked_reason: 'a key is missing' });
  expect(output).toMatch(/"schema_version": "sv.v1"[\s\S]*"note": "half way"/);
  expect(output).toMatch(new RegExp(`^${task.id}  ${task.title}$`, 'm'));
  expect(output).toMatch(/task list needs the bus[^\n]*\ncode 2\n/);
  expect(output).toMatch(/noted as blocked; end the run now/);
});
