import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const REAL = fileURLToPath(new URL('../../../../', import.meta.url));

/** What the small checkout's demo does: says its arguments, ends with a code, or waits for a signal. */
const DEMO = `
const [verb, code] = process.argv.slice(2);
if (verb === 'exit') process.exitCode = Number(code);
else if (verb !== 'wait') process.stdout.write(JSON.stringify(process.argv.slice(2)));
else {
  process.on('SIGTERM', () => {
    process.stdout.write(' drained');
    process.exit(3);
  });
  process.stdout.write('up');
  setInterval(() => {}, 1000);
}`;

/** A built checkout with the real set-up scripts, compiler and finder, and a demo of its own; copied for each test. */
let built: string;
let root: string;

beforeAll(async () => {
  root = built = await mkdtemp(join(tmpdir(), 'waggle-setup-'));
  const finder = [
    'infra/nats/binary.ts',
    'infra/nats/install.ts',
    'infra/nats/version.ts',
    'shared/errors.ts',
  ];
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'infra/setup', ...finder]) {
    await cp(join(REAL, name), join(root, name), { recursive: true });
  }
  await mkdir(join(root, 'node_modules'));
  for (const entry of await readdir(join(REAL, 'node_modules'))) {
    if (entry.startsWith('.waggle')) continue;
    await symlink(join(REAL, 'node_modules', entry), join(root, 'node_modules', entry));
  }
  await demo(DEMO);
  expect(await start(['build'])).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await rm(built, { recursive: true, force: true });
});

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waggle-setup-'));
  await cp(built, root, { recursive: true, verbatimSymlinks: true });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function demo(code: string): Promise<void> {
  await mkdir(join(root, 'infra', 'demo'), { recursive: true });
  await writeFile(join(root, 'infra', 'demo', 'main.ts'), `${code}\n`);
}

const script = () => join(root, 'infra', 'setup', 'run.mjs');

function environment(change: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith('npm_') && key !== 'INIT_CWD');
  return { ...Object.fromEntries(kept), ...change };
}

async function start(args: string[], change: Record<string, string> = {}) {
  const ended = run(process.execPath, [script(), ...args], { env: environment(change) });
  return await ended.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe('the set-up', () => {
  test('builds when there is no dist, says so in one line, and leaves standard output to the program', async () => {
    await rm(join(root, 'dist'), { recursive: true });
    expect(await start(['demo', '--tasks', '5'], { npm_config_json: 'true' })).toMatchObject({
      code: 0,
      stdout: '["--json","--tasks","5"]',
      stderr: expect.stringMatching(/^waggle: build ready \(\d+\.\d s\)\n$/),
    });
  });

  test('says nothing when all is there, and builds again when a source changed', async () => {
    expect(await start(['demo'])).toMatchObject({ code: 0, stdout: '[]', stderr: '' });
    await demo('process.stdout.write("changed");');
    expect(await start(['demo'])).toMatchObject({
      stdout: 'changed',
      stderr: expect.stringContaining('build ready'),
    });
  });

  test('shows the errors of a build and starts nothing', async () => {
    await demo('const n: number = "text"; console.log(n);');
    expect(await start(['demo'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('TS2322'),
    });
  });

  test('ends with the exit code of its program', async () => {
    expect(await start(['demo', 'exit', '7'])).toMatchObject({ code: 7 });
  });

  test('passes signals on and waits for the end', async () => {
    const child = spawn(process.execPath, [script(), 'demo', 'wait'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output === 'up') child.kill('SIGTERM');
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect({ output, code: child.exitCode }).toEqual({ output: 'up drained', code: 3 });
  });

  test('takes turns when two start at once', async () => {
    await rm(join(root, 'dist'), { recursive: true });
    const [one, two] = await Promise.all([start(['demo']), start(['demo'])]);
    expect([one, two]).toMatchObject([
      { code: 0, stdout: '[]' },
      { code: 0, stdout: '[]' },
    ]);
    const builds = `${one.stderr}${two.stderr}`.match(/build ready/g);
    expect(builds).toHaveLength(1);
    expect(await readdir(join(root, '.waggle'))).toEqual([]);
  });

  test('takes over the turn of a process that is gone', async () => {
    const ended = run(process.execPath, ['-e', '']);
    const { pid } = ended.child;
    await ended;
    await rm(join(root, 'dist'), { recursive: true });
    await writeFile(join(root, '.waggle', 'setup.lock'), `${pid} 1\n`);
    expect(await start(['demo'])).toMatchObject({ code: 0 });
  });

  test('refuses a program it does not know with exit code 2', async () => {
    expect(await start(['dance'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^waggle: usage: /),
    });
  });

  test('needs no nats-server when a running bus is named', async () => {
    const named = { NATS_SERVER: '/nowhere/nats-server' };
    expect(await start(['demo'], named)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere'),
    });
    expect(await start(['demo'], { ...named, WAGGLE_NATS_URL: 'nats://127.0.0.1:1' })).toMatchObject({
      code: 0,
    });
  });

  test('leaves packages alone that npm itself says are those of the lock file', async () => {
    expect(await readFile(join(root, 'node_modules', '.waggle-install'), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
  });
});
