import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../schemas/index.ts';
import { processIdentity } from '../../shared/process/identity.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import { randomId } from '../../shared/random.ts';
import {
  about,
  add,
  claimBy,
  done,
  eventsOf,
  grantOf,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { temporaryFolder } from '../support/repository.ts';
import type { WorkerProcessOptions } from '../support/worker-process.ts';

const script = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));
const folder = temporaryFolder();
const children = new Set<ChildProcess>();
let hive: TestHive;
let client: Awaited<ReturnType<TestHive['client']>>;

beforeAll(async () => {
  hive = await startHive();
  client = await hive.client('operator');
});
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGTERM');
    await ended(child);
  }
  children.clear();
});
afterAll(async () => {
  await hive.stop();
  folder.remove();
});

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function startWorker(agent: string, command: string[]): ChildProcess {
  const options: WorkerProcessOptions = {
    login: hive.server.workerSwarm,
    project,
    agent,
    stateDir: join(folder.path, agent),
    command,
  };
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  return child;
}

const pidIn = (file: string) => {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.endsWith('\n') && Number(text);
};

test('SIGKILL to a worker ends its harness; the next on the same state directory gets the task at once', async () => {
  const first = join(folder.path, 'first.pid');
  const second = join(folder.path, 'second.pid');
  // Its own child ignores TERM; the second run ends.
  const harness = `if [ -e "${first}" ]; then echo $$ > "${second}"; else trap '' TERM; (trap '' TERM; sleep 60) & echo $! > "${first}"; wait; fi`;
  const killed = startWorker('w1', ['sh', '-c', harness]);
  await add(client, plain('survivor'));
  const pid = await until('the harness runs', () => pidIn(first));
  killed.kill('SIGKILL');
  await ended(killed);
  // Nobody may be there to reap it: a zombie counts as gone.
  await until('the harness is gone', async () => (await processIdentity(pid)) === undefined, 10_000);
  expect(await stateOf(client, 'survivor')).toBe('claimed');
  const begun = performance.now();
  startWorker('w1', ['sh', '-c', harness]);
  await until('it is done', async () => (await stateOf(client, 'survivor')) === 'closed');
  // Nobody waited out the lease of 30 s.
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(existsSync(second)).toBe(true);
  const { view } = await client.query<'task'>({ v: 1, kind: 'task', id: 'survivor' });
  expect(view.task).toMatchObject({ losses: 1, attempts: 0 });
  const ends = (await eventsOf(client)).flatMap((event) =>
    event.type === 'grant_ended' && event.task === 'survivor' ? [event.end.why] : [],
  );
  expect(ends).toEqual(['restarted', 'done']);
});

test('what a killed worker had not sent yet is delivered before its successor claims', async () => {
  const agent = 'w2';
  await add(client, plain('kept-1'), plain('kept-2'));
  // The dead one held a grant, and its report of it was on disk only.
  const bus = await hive.connect(agent);
  const grant = grantOf(await sendClaim(bus, agent, claimBy(agent, { place: await placeOf(agent) })));
  const other = grantOf(
    await sendClaim(bus, agent, claimBy(agent, { slot: 1, place: await placeOf(agent) })),
  );
  const outbox = join(folder.path, agent, 'outbox');
  mkdirSync(outbox, { recursive: true });
  const stale: Report = { ...about({ ...other, fence: 9_999 }, 'stale'), kind: 'progress', note: 'old' };
  writeFileSync(join(outbox, '00000001.json'), JSON.stringify(stale));
  writeFileSync(join(outbox, '00000002.json'), JSON.stringify(done(grant)));
  writeFileSync(join(outbox, '00000003.json'), '{"v":1,');
  writeFileSync(join(outbox, '00000004.json.part'), '{');
  startWorker(agent, ['true']);
  await until('both are done', async () => (await stateOf(client, 'kept-2')) === 'closed');
  const ends = (await eventsOf(client)).flatMap((event) =>
    event.type === 'grant_ended' && event.agent === agent ? [`${event.task} ${event.end.why}`] : [],
  );
  expect(ends).toEqual(['kept-1 done', 'kept-2 restarted', 'kept-2 done']);
  // What cannot be read is set aside, never dropped.
  await until('the outbox is empty', () => readdirSync(outbox).every((file) => !file.endsWith('.json')));
  expect(readdirSync(outbox)).toContain('00000003.json.unreadable');
});

test('a process group that a predecessor recorded is ended before anything is claimed', async () => {
  const agent = 'w3';
  const left = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => {
    left.kill('SIGKILL');
  });
  const identity = left.pid === undefined ? undefined : await processIdentity(left.pid);
  if (identity === undefined) throw new Error('nothing was started');
  const groups = join(folder.path, agent, 'groups');
  mkdirSync(groups, { recursive: true });
  const gone = ended(left);
  writeFileSync(join(groups, 'run-1.json'), JSON.stringify({ pgid: identity.pid, identity }));
  writeFileSync(join(groups, 'run-2.json'), '{');
  await add(client, plain('after-leftover'));
  startWorker(agent, ['true']);
  await until('the task is done', async () => (await stateOf(client, 'after-leftover')) === 'closed');
  await gone;
  expect(left.signalCode).toBe('SIGTERM');
  expect(readdirSync(groups)).toEqual([]);
});

/** The place that a worker on that state directory will name. */
async function placeOf(agent: string) {
  const lock = await acquireStateLock(join(folder.path, agent), { randomId });
  await lock.release();
  return lock.place;
}
