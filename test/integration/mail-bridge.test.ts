import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { draftOf } from '../../shared/mail/draft.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { type CommandLine, commandLine, type Said } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { gitIn } from '../support/repository.ts';
import { type SocketPeer, socketPeer } from '../support/socket-peer.ts';

let port: number;
let hive: TestHive;
let line: CommandLine;
let operator: MailDesk;

interface Bridge {
  readonly path: string;
  stop(): Promise<Said>;
}
const running = new Set<Bridge>();

/** `waggle mail-bridge`, until it serves. */
async function startBridge(words: readonly string[] = ['--tcp', `127.0.0.1:${port}`]): Promise<Bridge> {
  const end = new AbortController();
  const at = words.indexOf('--socket');
  const path = at === -1 ? join(line.folder, '.fmail', 'forged.sock') : (words[at + 1] ?? '');
  const said = line.run(['mail-bridge', ...words], {
    variables: { WAGGLE_LOG_LEVEL: 'silent' },
    signal: end.signal,
  });
  let over: Said | undefined;
  said.then((last) => {
    over = last;
  });
  await until('the bridge serves', async () => {
    if (over !== undefined) throw new Error(over.stderr);
    return dial({ path }).then(
      (socket) => socket.destroy() !== undefined,
      () => false,
    );
  });
  const bridge: Bridge = {
    path,
    async stop() {
      running.delete(bridge);
      end.abort();
      return said;
    },
  };
  running.add(bridge);
  return bridge;
}

/** As the seed's program does, with more patience than its 200 ms. */
async function dial(where: { path: string } | { host: string; port: number }): Promise<Socket> {
  const socket = connect(where);
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

/** One request on a connection of its own, over the socket, else over TCP; the lines that came. */
async function seedAsks(request: object, lines = 1): Promise<string[]> {
  const path = join(line.folder, '.fmail', 'forged.sock');
  const socket = await dial({ path }).catch(() => dial({ host: '127.0.0.1', port }));
  let text = '';
  socket.on('data', (data) => {
    text += String(data);
  });
  socket.write(`${JSON.stringify(request)}\n`);
  await until('it is answered', () => text.split('\n').length > lines);
  socket.destroy();
  return text.split('\n').slice(0, lines);
}
const seedSends = async (request: object) =>
  JSON.parse((await seedAsks({ cmd: 'send', ...request }))[0] ?? '');

/** Below those that systems hand out by themselves, so that nobody gets it between our looking and our listening. */
async function freePort(): Promise<number> {
  for (let tried = 10_000 + (process.pid % 10_000); ; tried += 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(tried, '127.0.0.1', () => resolve(true));
    });
    server.close();
    if (isFree) return tried;
  }
}

beforeAll(async () => {
  port = await freePort();
  hive = await startHive();
  line = await commandLine(hive.server);
  operator = createBusDesk({
    swarm: await hive.connect('operator'),
    project,
    agent: 'operator',
    clock: systemClock,
    randomId,
    identity: 'operator',
    host: 'box',
  });
});
afterEach(async () => {
  for (const bridge of running) await bridge.stop();
});
afterAll(async () => {
  await operator.close();
  line.close();
  await hive.stop();
});

const base = (agent: string) => ({ project_id: project, agent, host: 'box', req_id: 'req-1-1' });

/** The next line that is no sign of life of the server. */
async function mailTo(peer: SocketPeer): Promise<unknown> {
  for (;;) {
    const line = await peer.line();
    if (line?.event !== 'ping') return line;
  }
}

describe('the program of the seed, in connected mode,', () => {
  test('sends over the socket, for whoever it says it is', async () => {
    await startBridge();
    const answer = await seedSends({ ...base('Alice'), to: 'bridge', body: { n: 1 }, priority: 'high' });
    expect(answer).toMatchObject({ ok: true, req_id: 'req-1-1' });
    expect(answer.id).toMatch(/^\d{8}-\d{6}-\d{4}$/);
    await seedSends({ ...base('bob'), to: '@alice', body: 'hi' });
    const { records } = await operator.log({ everything: true, limit: 2 });
    expect(records).toMatchObject([
      { id: answer.id, from: 'alice', to: 'bridge', body: { n: 1 }, priority: 'high', host: 'box' },
      { from: 'bob', to: '@alice', body: 'hi' },
    ]);
  });

  test('finds its project where the bridge has named it', async () => {
    await startBridge();
    const file = join(line.folder, '.fmail', 'project.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id: project });
    expect(statSync(join(line.folder, '.fmail', 'forged.sock')).mode & 0o777).toBe(0o600);
  });

  test('falls back to TCP, where it has to name the project', async () => {
    const elsewhere = join(line.folder, 'elsewhere.sock');
    await startBridge(['--socket', elsewhere, '--tcp', `127.0.0.1:${port}`]);
    const { project_id: _, ...nameless } = base('alice');
    expect(await seedSends({ ...nameless, to: 'bridge', body: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', message: 'missing project_id' },
      req_id: 'req-1-1',
    });
    expect(await seedSends({ ...base('alice'), to: 'bridge', body: 'x' })).toMatchObject({ ok: true });
  });

  test('watches: what it has missed since an id, then what comes', async () => {
    await startBridge();
    const first = await seedSends({ ...base('bob'), to: 'watched', body: 'one' });
    await seedSends({ ...base('bob'), to: 'watched', body: 'two' });
    const watching = seedAsks({ cmd: 'watch', ...base('alice'), topic: 'watched', since: first.id }, 3);
    await seedSends({ ...base('bob'), to: 'watched', body: 'three' });
    const [ack, ...lines] = (await watching).map((text) => JSON.parse(text));
    expect(ack).toEqual({ ok: true, req_id: 'req-1-1' });
    expect(lines.map(({ msg }) => [msg.from, msg.to, msg.body])).toEqual([
      ['bob', 'watched', 'two'],
      ['bob', 'watched', 'three'],
    ]);
  });

  test('watches its own mail from now on, and its sender sees that it was delivered', async () => {
    await startBridge();
    const name = 'listener';
    const since = new Date(systemClock.now()).toISOString();
    const watching = seedAsks({ cmd: 'watch', ...base(name), topic: `@${name}`, since }, 2);
    const sent = await operator.send(draftOf({ to: `@${name}`, body: 'psst' }, randomId()));
    expect(JSON.parse((await watching)[1] ?? '')).toMatchObject({ msg: sent });
    await until('it is delivered', async () => {
      const { receipts } = await operator.trace(Number(sent.id.split('-')[2]));
      return receipts.some(({ by, state }) => by === name && state === 'delivered');
    });
  });

  test.each([
    ['no name', {}, 'invalid_agent'],
    ['a name that is none', { agent: 'a b' }, 'invalid_agent'],
    ['the name of the orchestrator', { agent: 'orchestrator' }, 'invalid_agent'],
    ['a foreign project', { agent: 'alice', project_id: 'proj-0123456789ab' }, 'invalid_project'],
    ['a word about a task', { agent: 'alice', cmd: 'task.done' }, 'invalid_request'],
  ])('is refused with %s', async (_, fields, code) => {
    await startBridge();
    const { last } = await operator.log({ limit: 1 });
    const answer = await seedSends({ to: 'bridge', body: 'x', ...fields });
    expect(answer).toMatchObject({ ok: false, error: { code, retryable: false } });
    expect((await operator.log({ limit: 1 })).last).toBe(last);
  });
});

describe('a bridge', () => {
  test('takes its socket along when it leaves', async () => {
    const bridge = await startBridge();
    expect(await bridge.stop()).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(bridge.path)).toBe(false);
  });

  test('does not push a living one away', async () => {
    await startBridge();
    const second = await line.run(['mail-bridge', '--tcp', 'off']);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /the mail bridge at .*forged\.sock did not get ready: another one serves it/,
    );
    expect(await seedSends({ ...base('alice'), to: 'bridge', body: 'still there' })).toMatchObject({
      ok: true,
    });
  });

  test('takes the place of a dead one', async () => {
    const path = join(line.folder, '.fmail', 'forged.sock');
    mkdirSync(join(line.folder, '.fmail'), { recursive: true });
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('there'))`;
    const dead = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(dead, 'exit');
    await once(dead.stdout, 'data');
    dead.kill('SIGKILL');
    await ended;
    expect(existsSync(path)).toBe(true);
    await startBridge();
    expect(await seedSends({ ...base('alice'), to: 'bridge', body: 'anew' })).toMatchObject({ ok: true });
  });

  test('touches no file that is no socket', async () => {
    const path = join(line.folder, 'precious');
    writeFileSync(path, 'text');
    const { code, stderr } = await line.run(['mail-bridge', '--socket', path, '--tcp', 'off']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/a file that is no socket lies there/);
    expect(readFileSync(path, 'utf8')).toBe('text');
  });

  test('says that its port is taken, and leaves no socket behind', async () => {
    await startBridge();
    const path = join(line.folder, 'other.sock');
    const { code, stderr } = await line.run(['mail-bridge', '--socket', path, '--tcp', `127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/port \d+ of 127\.0\.0\.1 did not get ready: something listens there already/);
    expect(existsSync(path)).toBe(false);
  });

  test('says in its help where it serves when nothing is said', async () => {
    const { code, stdout } = await line.run(['mail-bridge', '--help']);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('or off (default: 127.0.0.1:7463)');
    expect(stdout).not.toContain('{');
  });

  test('keeps its folder out of commits', async () => {
    gitIn(line.folder, 'init', '--quiet');
    await startBridge();
    expect(gitIn(line.folder, 'status', '--porcelain')).not.toContain('.fmail');
  });

  test('listens on the loopback alone', async () => {
    const { code, stderr } = await line.run(['mail-bridge', '--tcp', '0.0.0.0:7463']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/expected a port of the loopback/);
  });

  test('of another project than the mail folder names does not start', async () => {
    const { code, stderr } = await line.run(['mail-bridge', '--tcp', 'off'], {
      variables: { WAGGLE_PROJECT: 'other' },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /two projects are named: other \(WAGGLE_PROJECT\) and test .*fmail init --project other/,
    );
  });

  test('serves many names at once, each as itself', async () => {
    const { path } = await startBridge();
    const peers: SocketPeer[] = [];
    try {
      for (let n = 0; n < 12; n += 1) {
        const peer = await socketPeer({ path });
        peers.push(peer);
        expect(await peer.ask({ cmd: 'watch', agent: `many-${n}`, topic: `@many-${n}` })).toEqual({
          ok: true,
        });
      }
      for (let n = 0; n < 12; n += 1) await seedSends({ ...base('sender'), to: `@many-${n}`, body: n });
      for (const [n, peer] of peers.entries()) expect(await mailTo(peer)).toMatchObject({ msg: { body: n } });
    } finally {
      for (const peer of peers) peer.close();
    }
  });
});
