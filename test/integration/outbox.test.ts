import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Beat, Report } from '../../schemas/index.ts';
import { Courier } from '../../shared/agent/courier.ts';
import { type Outgoing, openOutbox } from '../../shared/agent/outbox.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import { describeFile } from '../../shared/bus/files.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import { randomId } from '../../shared/random.ts';
import {
  claimBy,
  claimWithoutAnswer,
  done,
  type Granted,
  grantOf,
  mailReport,
  sendClaim,
  until,
} from '../support/asking.ts';
import { keptLog } from '../support/kept-log.ts';
import { project } from '../support/orchestrator.ts';
import { whileBusIsAway, whileNobodyLeads } from '../support/outages.ts';
import { commitFiles, gitIn } from '../support/repository.ts';
import { killed } from '../support/running-workers.ts';
import { sh, workerBench } from '../support/worker-bench.ts';

const bench = workerBench();
const stateDir = (agent: string) => join(bench.folder, agent);
const outboxOf = (agent: string) => join(stateDir(agent), 'outbox');
const waiting = (agent: string) =>
  readdirSync(outboxOf(agent)).filter((name) => /\.(json|bundle)$/.test(name));
const ends = async () => (await bench.events('grant_ended')).map(({ end }) => end.why);

/** A dead worker's grant, and its submission with a file of its own, as it would have put it into its outbox. */
async function finished(agent: string): Promise<{ grant: Granted; outgoing: Outgoing & { bundle: string } }> {
  const { n, id, home, folder } = bench;
  const lock = await acquireStateLock(stateDir(agent), { randomId });
  await lock.release();
  const bus = await bench.hive.connect(agent);
  const claim = claimBy(agent, { place: lock.place, incarnation: lock.incarnation });
  const grant = grantOf(await sendClaim(bus, agent, claim));
  const copy = join(folder, `clone-${n}`);
  gitIn(folder, 'clone', '--quiet', home, copy);
  const base = gitIn(home, 'rev-parse', 'HEAD');
  const head = commitFiles(copy, { 'new.txt': 'n\n' }, 'work');
  const bundle = bench.file('work.bundle');
  gitIn(copy, 'bundle', 'create', '--quiet', bundle, 'HEAD', `^${base}`);
  const file = await describeFile(agent, bundle);
  const { fence, run } = grant;
  const about = { v: 1, task: id, fence, run } as const;
  const report: Report = { ...about, kind: 'submitted', id: `s-${n}`, base, head, bundle: file };
  const checkpoint = { fence, number: 1, base, head, file };
  const rescue: Report = { ...about, kind: 'checkpoint', id: `c-${n}`, checkpoint };
  return { grant, outgoing: { report, bundle, rescue } };
}
const put = async (agent: string, outgoing: Outgoing) =>
  (await openOutbox(outboxOf(agent), keptLog())).put(outgoing);
async function commitIt(): Promise<void> {
  const committer = await bench.swarm.committer();
  await bench.until('it is closed', ({ state }) => state === 'closed');
  await committer.drain();
  expect(gitIn(bench.home, 'show', 'waggle/main:new.txt')).toBe('n');
  expect(gitIn(bench.home, 'rev-list', '--count', 'HEAD..waggle/main')).toBe('1');
}

test('a worker killed with its work in the outbox and no bus delivers it once when it is back', async () => {
  const agent = `k-${bench.n}`;
  const worker = bench.workers.start(agent, bench.pausing(':', 'echo n > new.txt'));
  await bench.add();
  await bench.atMarker();
  await whileBusIsAway(bench.hive, async () => {
    bench.go();
    await until('its work is in the outbox', () => waiting(agent).some((name) => name.endsWith('.json')));
    await until('its tree is gone', () => readdirSync(join(stateDir(agent), 'work')).length === 0);
    await killed(worker);
  });
  bench.workers.start(agent, 'sleep 60');
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await until('the outbox is empty', () => waiting(agent).length === 0);
  expect(await ends()).toEqual(['submitted']);
  await commitIt();
});

test('a report that MAIL has already takes effect once', async () => {
  const agent = `k-${bench.n}`;
  await bench.add();
  const { outgoing } = await finished(agent);
  await put(agent, outgoing);
  // The file was stored and the mail sent; its receipt reached nobody.
  bench.workers.start(agent, 'sleep 60');
  await mailReport(await bench.hive.connect(agent), agent, outgoing.report);
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await until('the outbox is empty', () => waiting(agent).length === 0);
  expect(await ends()).toEqual(['submitted']);
  await commitIt();
});

test('a report that a claim brought, and whose answer was lost, takes effect once', async () => {
  const agent = `k-${bench.n}`;
  await bench.add({ expects: 'none' });
  const { grant } = await finished(agent);
  const report = done(grant, `d-${bench.n}`);
  await put(agent, { report });
  const bus = await bench.hive.connect(agent);
  const { incarnation, place } = await incarnationOf(agent);
  const claim = claimBy(agent, { incarnation, place, number: 2, report });
  // Nobody may lead at that moment: sent again, under the same number, until it has arrived.
  await until('it is closed', async () => {
    await claimWithoutAnswer(bus, agent, claim);
    return (await bench.task()).state === 'closed';
  });
  bench.workers.start(agent, 'sleep 60');
  await until('the outbox is empty', () => waiting(agent).length === 0);
  expect(await ends()).toEqual(['done']);
});

test('a submission that comes too late is refused, and its work attached as a rescue', async () => {
  const agent = `k-${bench.n}`;
  await bench.add();
  const { grant, outgoing } = await finished(agent);
  await put(agent, outgoing);
  await bench.takeBack();
  // Another has it meanwhile.
  const other = `o-${bench.n}`;
  grantOf(await sendClaim(await bench.hive.connect(other), other, claimBy(other)));
  bench.workers.start(agent, 'sleep 60');
  await until('the outbox is empty', () => waiting(agent).length === 0);
  const { grant: live, attachments } = await bench.until(
    'the rescue is attached',
    (task) => task.attachments.length > 0,
  );
  expect(live?.agent).toBe(other);
  expect(attachments).toMatchObject([{ kind: 'rescue', fence: grant.fence }]);
  expect(await ends()).toEqual(['cancelled']);
});

test('a submission that a claim brings too late is refused by its fence, and its work goes out as a rescue', async () => {
  const agent = `k-${bench.n}`;
  await bench.add();
  const { grant, outgoing } = await finished(agent);
  await bench.takeBack();
  const { incarnation, place } = await incarnationOf(agent);
  const bus = await bench.hive.connect(agent);
  const claimer = await bench.hive.claimer(agent, { swarm: bus, incarnation, place });
  const log = keptLog();
  const outbox = await openOutbox(outboxOf(agent), keptLog());
  const courier = new Courier({ outbox, swarm: bus, project, agent, clock: systemClock, log });
  const { signal } = new AbortController();
  await courier.keep(outgoing);
  expect(courier.isReporting(grant.fence)).toBe(true);
  const bring = async () => {
    const report = await courier.forClaim(signal);
    const leaving = { holds: [], waitMs: 0, leaving: true, signal };
    const answer = await claimer.next(report === undefined ? leaving : { ...leaving, report });
    if (answer.report !== undefined) await courier.answered(answer.report);
    return answer.report;
  };
  expect(await bring()).toMatchObject({ id: outgoing.report.id, status: 'refused', code: 'fenced' });
  const reason = expect.stringContaining(
    `fence ${grant.fence} of ${bench.id} is not live: it ended by cancelled`,
  );
  expect(log.lines).toMatchObject([{ message: 'the report was refused', fields: { reason } }]);
  expect(courier.isReporting(grant.fence)).toBe(false);
  expect(await bring()).toMatchObject({ id: outgoing.rescue?.id, status: 'accepted' });
  expect(waiting(agent)).toEqual([]);
  await courier.close();
  expect((await bench.task()).attachments).toMatchObject([{ kind: 'rescue', fence: grant.fence }]);
});

test('a report whose bundle is damaged or missing is set aside with an error; the others go out', async () => {
  const agent = `k-${bench.n}`;
  await bench.add();
  const { outgoing } = await finished(agent);
  await put(agent, outgoing);
  writeFileSync(join(outboxOf(agent), '00000001.bundle'), 'other bytes');
  const { bundle: _, ...without } = outgoing;
  await put(agent, { ...without, report: { ...outgoing.report, id: `x-${bench.n}` } });
  const { fence, run } = await bench.grant();
  await put(agent, {
    report: { v: 1, task: bench.id, fence, run, kind: 'progress', id: `p-${bench.n}`, note: 'here' },
  });
  const log = keptLog();
  const stay = { stateDir: stateDir(agent), log };
  const worker = await bench.swarm.worker(agent, sh('true'), 0, stay);
  await bench.until('the note has arrived', ({ note }) => note === 'here');
  await worker.drain();
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors.map(({ fields }) => fields['fault'])).toMatchObject([
    expect.stringContaining('its bundle hashes to'),
    'its bundle is missing',
  ]);
  expect(readdirSync(outboxOf(agent)).toSorted()).toEqual([
    '00000001.bundle',
    '00000001.json.undeliverable',
    '00000002.json.undeliverable',
  ]);
});

test('a grant whose report waits for the orchestrator stays in the beats, as reporting', async () => {
  const name = `w-${bench.n}`;
  const phases: string[] = [];
  const listener = await bench.hive.connect('listener');
  const beats = listener.subscribe(subjectsOf(project).beat(name));
  const listening = (async () => {
    for await (const delivery of beats) {
      const decoded = tryDecode('Beat', delivery);
      const [grant] = decoded.ok ? (decoded.value as Beat).grants : [];
      phases.push(grant?.phase ?? 'none');
    }
  })();
  const worker = await bench.swarm.worker(name, sh(bench.pausing('echo n > new.txt')));
  await bench.add();
  await bench.atMarker();
  await whileNobodyLeads(bench.hive, async () => {
    bench.go();
    await until('it is listed as reporting', () => phases.at(-1) === 'reporting');
    const seen = phases.length;
    await until('it stays listed for more than a lease', () => phases.length > seen + 3);
    expect(phases.slice(seen)).not.toContain('none');
  });
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await until('it is listed no more', () => phases.at(-1) === 'none');
  await worker.drain();
  beats.close();
  await listening;
  expect(await ends()).toEqual(['submitted']);
});

/** Of the lock file: who held the directory last. */
async function incarnationOf(agent: string) {
  const file = readdirSync(stateDir(agent)).find((name) => name.startsWith('lock.')) ?? '';
  const { incarnation } = JSON.parse(readFileSync(join(stateDir(agent), file), 'utf8')) as {
    incarnation: string;
  };
  const lock = await acquireStateLock(stateDir(agent), { randomId });
  await lock.release();
  return { incarnation, place: lock.place };
}
