import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { footprint, gitIn, makeRepository } from '../support/repository.ts';
import { demo, place } from './demo-run.ts';

afterAll(() => place.remove());

test('in a repository of the user’s and on a bus that runs already, all that is left is a branch', async () => {
  const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.js`, `let ${name}=1\n`]));
  const home = makeRepository(join(place.path, 'home'), files);
  const before = footprint(home);
  const server = await startNatsServer({
    configure: (config) => config.slice(0, config.indexOf('accounts {')),
  });
  try {
    const url = `127.0.0.1:${server.port}`;
    const { code, stdout } = await demo(['--repo', home, '--calm', '--workers', '2'], undefined, url);
    expect(stdout).toContain('4 of 4 tasks closed');
    expect(code).toBe(0);
    expect(await streamsOf(url)).toEqual([]);
  } finally {
    await server.stop();
  }
  expect(footprint(home)).toBe(before);
  expect(gitIn(home, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/heads/waggle/demo');
  expect(gitIn(home, 'show', 'waggle/demo:a.js')).toBe('let a = 1;');
}, 120_000);

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

test('when the user’s tree changes meanwhile the check fails, and says what was changed', async () => {
  const home = makeRepository(join(place.path, 'tampered'), { 'a.js': 'let a=1\n' });
  const { code, stdout, stderr } = await demo(
    ['--repo', home, '--calm', '--workers', '1', '--json'],
    (said) => {
      if (/claim {3}file-1/.test(said)) writeFileSync(join(home, 'a.js'), 'let a=2\n');
    },
  );
  expect(stderr).toContain(`The check FAILED:\n  ${home}: its working tree was changed\n`);
  expect(JSON.parse(stdout)).toMatchObject({ tasks: 2, closed: 2, commits: 2, lost: 0, repo: home });
  expect(code).toBe(1);
}, 120_000);

test('a bus that does not answer is named, and nothing is left', async () => {
  const url = 'nats://127.0.0.1:1';
  const { code, stderr, left } = await demo(
    ['--tasks', '2', '--calm', '--workers', '1', '--json'],
    undefined,
    url,
  );
  expect(stderr).toMatch(/\nwaggle: the bus at 127\.0\.0\.1:1 does not answer: .*\n$/);
  expect(stderr).not.toContain('could not be deleted');
  expect(code).toBe(1);
  expect(left).toEqual([]);
}, 120_000);

test('Ctrl-C in the middle stops everything and removes what was made', async () => {
  const home = makeRepository(join(place.path, 'interrupted'), { 'a.js': 'let a=1\n', 'b.js': 'let b=1\n' });
  let told = false;
  const { code, stderr, left } = await demo(['--repo', home, '--calm', '--workers', '1'], (said, kill) => {
    if (told || !/claim {3}file-1/.test(said)) return;
    told = true;
    kill('SIGINT');
  });
  expect(stderr).toContain('interrupted');
  expect(code).toBe(130);
  expect(left).toEqual([]);
  expect(gitIn(home, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
}, 120_000);
