import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { add, until } from '../support/asking.ts';
import { cancelAll } from '../support/left-tasks.ts';
import { project } from '../support/orchestrator.ts';
import { type SocketRuns, sh, startSocketRuns } from '../support/socket-runs.ts';
import type { WorkerProcessOptions } from '../support/worker-process.ts';

let runs: SocketRuns;
beforeAll(async () => {
  runs = await startSocketRuns();
});
afterEach(async () => {
  await cancelAll(runs.client);
  await runs.swarm.end();
});
afterAll(() => runs.stop());
const run: SocketRuns['run'] = (...args) => runs.run(...args);
const says: SocketRuns['says'] = (...requests) => runs.says(...requests);

/** A line of a script that runs this program, which has `open()`, a connection that nobody waits for. */
function program(text: string): string {
  const file = join(runs.folder, `${Math.random()}.mjs`);
  const head = `
    import { connect } from 'node:net';
    const open = () => new Promise((resolve) => {
      const socket = connect(process.env.WAGGLE_SOCKET);
      socket.on('error', () => resolve(undefined));
      socket.on('connect', () => resolve(socket));
    });
  `;
  writeFileSync(file, `${head}${text}`);
  return `node "${file}"\n`;
}

/** Prints the answer to a ping. Until those before it are seen to be gone, a connection may be one too many, and closed. */
const PINGS = `
  for (;;) {
    const socket = await open();
    const answer = await new Promise((resolve) => {
      socket?.once('data', resolve);
      socket?.once('close', () => resolve(undefined));
      socket?.write('{"cmd":"ping"}\\n');
      if (socket === undefined) resolve(undefined);
    });
    if (answer !== undefined) {
      console.log(String(answer).trim());
      process.exit(0);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
`;

describe('a harness does its run no harm', () => {
  test('by thousands of words of progress: the last ones are told', async () => {
    const { task, agent } = await run(
      program(`
        const sockets = await Promise.all(Array.from({ length: 20 }, open));
        await Promise.all(sockets.map((socket, s) => new Promise((resolve) => {
          let answers = 0;
          socket.on('data', (data) => {
            for (const byte of data) if (byte === 10) answers += 1;
            if (answers === 100) resolve();
          });
          for (let n = 0; n < 100; n += 1) socket.write(JSON.stringify({ cmd: 'task.progress', args: { text: 's' + s + ' n' + n } }) + '\\n');
        })));
        process.exit(0);
      `) + says({ cmd: 'task.progress', args: { text: 'the last' } }),
    );
    expect(task.state).toBe('closed');
    const notes = await runs.notes(task.id);
    expect(notes.at(-1)).toBe('the last');
    expect(notes.length).toBeLessThan(60);
    expect(readdirSync(join(runs.swarm.folder, agent, 'outbox'))).toEqual([]);
  });

  test('by connections without end, half lines, garbage, and answers that it never reads', async () => {
    const before = process.memoryUsage().rss;
    const { task, answers } = await run(
      program(`
        const half = Buffer.alloc(1024 * 1024, 'x');
        for (let n = 0; n < 1500; n += 1) {
          const socket = await open();
          if (socket === undefined) continue;
          socket.pause();
          if (n % 3 === 0) socket.write(half);
          if (n % 3 === 1) socket.write('{"cmd":"mail.log","args":{"limit":0}}\\n'.repeat(1000));
          if (n % 3 === 2) socket.write(Buffer.from([0, 255, 10, 123, 10, 10, 34]));
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
        process.exit(0);
      `) + program(PINGS),
    );
    expect(task.state).toBe('closed');
    expect(answers).toEqual([{ ok: true }]);
    expect((process.memoryUsage().rss - before) / 1024 ** 2).toBeLessThan(800);
  });

  test.each([
    ['removed', 'rm "$WAGGLE_SOCKET"'],
    ['replaced by a file', 'rm "$WAGGLE_SOCKET"; echo > "$WAGGLE_SOCKET"'],
    ['replaced by a folder', 'rm "$WAGGLE_SOCKET"; mkdir -p "$WAGGLE_SOCKET/a"'],
    ['replaced by a link', 'rm "$WAGGLE_SOCKET"; ln -s "$PRECIOUS" "$WAGGLE_SOCKET"'],
    [
      'replaced by a link to a folder',
      'rm "$WAGGLE_SOCKET"; ln -s "$(dirname "$PRECIOUS")" "$WAGGLE_SOCKET"',
    ],
  ])('when its socket is %s', async (_, script) => {
    const precious = join(runs.folder, 'precious');
    mkdirSync(precious, { recursive: true });
    writeFileSync(join(precious, 'file'), 'kept');
    const { task, output } = await run(`PRECIOUS="${precious}/file"; ${script}; echo "path $WAGGLE_SOCKET"`);
    expect(task.state).toBe('closed');
    expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('kept');
    expect(existsSync(/^path (.*)$/m.exec(output)?.[1] ?? '/')).toBe(false);
  });

  test('when what the socket left behind cannot be removed', async () => {
    const name = `stuck-${'deep'.repeat(12)}`;
    const state = join(runs.swarm.folder, name);
    const { task } = await run(`rm "${state}/socket-folder"; mkdir "${state}/socket-folder"`, {}, {}, name);
    expect(task.state).toBe('closed');
  });

  test('nor does it take another name over its socket', async () => {
    const { answers, agent } = await run(
      says(
        { cmd: 'register' },
        { cmd: 'register', args: { name: 'somebody' } },
        { cmd: 'register', args: { name: 'orchestrator' } },
        { cmd: 'send', to: 'task', body: 'x', args: { id: 'somebody.message.1' } },
      ),
    );
    expect(answers).toMatchObject([
      { ok: true, result: { name: agent } },
      { ok: false, error: { code: 'invalid_agent' } },
      { ok: false, error: { code: 'invalid_agent' } },
      { ok: true },
    ]);
    expect((await runs.operator.who()).map(({ name }) => name)).not.toContain('somebody');
  });
});

describe('a word that a task cannot go on', () => {
  test('outlives a worker that is killed, with the work', async () => {
    const seen = join(runs.folder, 'blocked-seen');
    const script = `[ -e "${seen}" ] && exit 0; echo half > a.txt; ${says({ cmd: 'task.block', args: { reason: 'need a key' } })} echo > "${seen}"; exec sleep 60`;
    const options: WorkerProcessOptions = {
      login: runs.hive.server.workerSwarm,
      project,
      agent: 'mortal',
      stateDir: join(runs.folder, 'mortal'),
      command: ['sh', '-c', script, '{prompt_file}'],
    };
    const worker = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));
    const start = () => {
      const one = spawn(process.execPath, ['--import', 'tsx', worker, JSON.stringify(options)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      onTestFinished(() => void one.kill('SIGKILL'));
      return one;
    };
    const killed = start();
    const killedHasEnded = once(killed, 'exit');
    await add(runs.client, { id: 'stuck', title: 'Stuck', expects: 'change', lane: 'main' });
    await until('it said so', () => existsSync(seen));
    killed.kill('SIGKILL');
    await killedHasEnded;
    const successor = start();
    const hasEnded = once(successor, 'exit');
    const task = await until('it is blocked', async () => {
      const view = await runs.view('stuck');
      return view.state === 'blocked' && view;
    });
    successor.kill('SIGTERM');
    await hasEnded;
    expect(task).toMatchObject({ blocked_reason: 'need a key', last_outcome: 'blocked' });
    expect(task.checkpoint).toMatchObject({ fence: task.last_end?.fence });
  });

  test.each([
    ['and then a drain: blocked', false, 'blocked'],
    ['that was taken back, and then a drain: open', true, 'open'],
  ])('%s, with the work', async (_, isTakenBack, state) => {
    const id = isTakenBack ? 'taken-back' : 'drained';
    const seen = join(runs.folder, `${id}-seen`);
    const words = [
      { cmd: 'task.block', args: { reason: 'stuck' } },
      ...(isTakenBack ? [{ cmd: 'task.done' }] : []),
    ];
    const worker = await runs.swarm.worker(
      `w-${id}`,
      sh(`echo half > a.txt; ${says(...words)} echo > "${seen}"; exec sleep 60`),
      100,
    );
    await add(runs.client, { id, title: 'Drained', expects: 'change', lane: 'main' });
    await until('it said so', () => existsSync(seen));
    await worker.drain();
    const task = await until('the run has ended', async () => {
      const view = await runs.view(id);
      return view.state !== 'claimed' && view;
    });
    expect(task.state).toBe(state);
    expect(task.checkpoint).toMatchObject({ fence: task.last_end?.fence });
    await runs.client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
  });

  test('and then the end of its grant: the board has decided, and the work is kept', async () => {
    const seen = join(runs.folder, 'fenced-seen');
    const block = says({ cmd: 'task.block', args: { reason: 'stuck' } });
    const worker = await runs.swarm.worker(
      'w-fenced',
      sh(`echo half > a.txt; ${block} echo > "${seen}"; exec sleep 60`),
    );
    await add(runs.client, { id: 'fenced', title: 'Fenced', expects: 'change', lane: 'main' });
    await until('it said so', () => existsSync(seen));
    await runs.client.command({ v: 1, kind: 'cancel', id: 'cancel-fenced', task: 'fenced' });
    const { attachments } = await until('the work is there', async () => {
      const view = await runs.view('fenced');
      return view.attachments.length > 0 && view;
    });
    await worker.drain();
    expect(await runs.view('fenced')).toMatchObject({ state: 'cancelled' });
    expect(attachments).toMatchObject([{ kind: 'rescue' }]);
  });
});
