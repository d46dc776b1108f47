import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { footprint, gitIn, makeRepository, temporaryFolder } from '../support/repository.ts';

const MAIN = fileURLToPath(new URL('../../dist/infra/demo/main.js', import.meta.url));
const place = temporaryFolder();
afterAll(() => place.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What is left of the demo's temporary files. */
  readonly left: readonly string[];
}

let runs = 0;

/** Runs the built demo, with a folder of its own for temporary files. `when`: called with all it has said so far. */
function demo(
  args: readonly string[],
  when?: (said: string, kill: (name: NodeJS.Signals) => void) => void,
  busUrl?: string,
): Promise<Ended> {
  runs += 1;
  const temp = join(place.path, `tmp-${runs}`);
  mkdirSync(temp);
  const { WAGGLE_NATS_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: place.path,
    env: { ...env, TMPDIR: temp, ...(busUrl === undefined ? {} : { WAGGLE_NATS_URL: busUrl }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      when?.(said.stdout + said.stderr, (signal) => child.kill(signal));
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const left = readdirSync(temp).filter((name) => name.startsWith('waggle-demo-'));
      resolve({ code, ...said, left });
    });
  });
}

test('a small demo ends with 0 and one line of JSON, and leaves nothing behind', async () => {
  const { code, stdout, stderr, left } = await demo(['--tasks', '6', '--workers', '2', '--json']);
  expect(stderr).toContain('6 of 6 tasks closed');
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  expect(result).toEqual({
    tasks: 6,
    closed: 6,
    commits: 6,
    takeovers: 0,
    orchestrator_failovers: 0,
    double_owners: 0,
    lost: 0,
    elapsed_ms: expect.any(Number),
    repo: expect.stringContaining('waggle-demo-'),
  });
  expect(left).toEqual([]);
}, 30_000);

test('in a repository of the user’s and on a bus that runs already, all that is left is a branch', async () => {
  const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.js`, `let ${name}=1\n`]));
  const home = makeRepository(join(place.path, 'home'), files);
  const before = footprint(home);
  const server = await startNatsServer({
    configure: (config) => config.slice(0, config.indexOf('accounts {')),
  });
  try {
    const url = `127.0.0.1:${server.port}`;
    const { code, stdout } = await demo(['--repo', home, '--workers', '2'], undefined, url);
    expect(stdout).toContain('4 of 4 tasks closed');
    expect(code).toBe(0);
    expect(await streamsOf(url)).toEqual([]);
  } finally {
    await server.stop();
  }
  expect(footprint(home)).toBe(before);
  expect(gitIn(home, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/heads/waggle/demo');
  expect(gitIn(home, 'show', 'waggle/demo:a.js')).toBe('let a = 1;');
}, 30_000);

async function streamsOf(url: string): Promise<unknown> {
  const bus = await connectBus({
    account: 'core',
    urls: [url],
    name: 'test',
    inboxPrefix: '_INBOX.test',
    log: silentLog,
    clock: systemClock,
  });
  try {
    const answer = await bus.request('$JS.API.STREAM.NAMES', new Uint8Array(), { timeoutMs: 5_000 });
    return (JSON.parse(Buffer.from(answer.payload).toString()) as { streams?: unknown }).streams ?? [];
  } finally {
    await bus.close();
  }
}

test('a path that is no repository, or one without commits, is one sentence and exit 1', async () => {
  const none = join(place.path, 'none');
  mkdirSync(none);
  const missing = await demo(['--repo', none]);
  expect(missing).toMatchObject({ code: 1, stdout: '', left: [] });
  expect(missing.stderr).toMatch(/^waggle: \S+none is not a git repository; [^\n]*\n$/);
  gitIn(none, 'init', '--quiet');
  const empty = await demo(['--repo', none]);
  expect(empty).toMatchObject({ code: 1, stdout: '', left: [] });
  expect(empty.stderr).toMatch(/^waggle: \S+none has no commits yet; [^\n]*\n$/);
  expect(readdirSync(none)).toEqual(['.git']);
});

test('when the user’s tree changes meanwhile the check fails, and says what was changed', async () => {
  const home = makeRepository(join(place.path, 'tampered'), { 'a.js': 'let a=1\n' });
  const { code, stdout, stderr } = await demo(['--repo', home, '--workers', '1', '--json'], (said) => {
    if (/claim {3}file-1/.test(said)) writeFileSync(join(home, 'a.js'), 'let a=2\n');
  });
  expect(stderr).toContain(`The check FAILED:\n  ${home}: its working tree was changed\n`);
  expect(JSON.parse(stdout)).toMatchObject({ tasks: 2, closed: 2, commits: 2, lost: 0, repo: home });
  expect(code).toBe(1);
}, 30_000);

test('a bus that does not answer is named, and nothing is left', async () => {
  const url = 'nats://127.0.0.1:1';
  const { code, stderr, left } = await demo(['--tasks', '2', '--workers', '1', '--json'], undefined, url);
  expect(stderr).toMatch(/\nwaggle: the bus at 127\.0\.0\.1:1 does not answer: .*\n$/);
  expect(stderr).not.toContain('could not be deleted');
  expect(code).toBe(1);
  expect(left).toEqual([]);
}, 30_000);

test('Ctrl-C in the middle stops everything and removes what was made', async () => {
  const home = makeRepository(join(place.path, 'interrupted'), { 'a.js': 'let a=1\n', 'b.js': 'let b=1\n' });
  let told = false;
  const { code, stderr, left } = await demo(['--repo', home, '--workers', '1'], (said, kill) => {
    if (told || !/claim {3}file-1/.test(said)) return;
    told = true;
    kill('SIGINT');
  });
  expect(stderr).toContain('interrupted');
  expect(code).toBe(130);
  expect(left).toEqual([]);
  expect(gitIn(home, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
}, 30_000);
