import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mail, Report, StoredMail } from '../../schemas/index.ts';
import { announcementsOf } from '../../services/orchestrator/announcements.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  add,
  claimBy,
  done,
  grantOf,
  journalOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

const topic: MailTarget = { kind: 'topic', name: 'task' };
const inbox: MailTarget = { kind: 'agent', name: 'orchestrator' };
let hive: TestHive;
let client: BoardClient;
let w1: Bus;

beforeAll(async () => {
  hive = await startHive();
  const lane = { home: '/nowhere', base: 'HEAD', branch: 'waggle/main', gates: [] };
  await hive.configure({ roles: { operator: 'operator', committer: 'committer' }, lanes: { main: lane } });
  client = await hive.client('operator');
  w1 = await hive.connect('w1');
});
afterAll(() => hive.stop());

/** What a test sent in the orchestrator's name. */
const forged = /^(no-sequence|far-ahead.0|wrong-batch.0)$/;

/** What the orchestrator mailed, from the start. */
async function notices(target?: MailTarget): Promise<StoredMail[]> {
  const reader = createReader(w1, project, 'w1');
  const all: StoredMail[] = [];
  for (let after = 0; ; ) {
    const page = await reader.mail({
      ...(target === undefined ? {} : { target }),
      from: 'orchestrator',
      after,
    });
    all.push(...page.mails);
    if (page.scanned_to >= page.last) return all;
    after = page.scanned_to;
  }
}
const lines = (mails: readonly StoredMail[]) => mails.flatMap(({ mail }) => (mail.body ?? '').split('\n'));

test('claims, closes and commits are told in the words of old, on the topic and to the inbox', async () => {
  const committer = await hive.connect('committer');
  const tip = 'a'.repeat(40);
  const commit = 'c'.repeat(40);
  await add(client, { id: 'told', title: 'tell it', lane: 'main' }, plain('by-hand', { not_before: 9e12 }));
  await mailReport(committer, 'committer', { v: 1, kind: 'lane', id: 'l', lane: 'main', tip });
  const commitClaim = (number: number, wait_ms = 0) =>
    sendClaim(committer, 'committer', claimBy('committer', { number, wait_ms, work: 'commit' }));
  await until('the lane is open', async () => {
    const { lanes } = await client.query<'status'>({ v: 1, kind: 'status' });
    return lanes['main']?.tip === tip;
  });
  expect((await commitClaim(1)).kind).toBe('nothing');
  expect((await commitClaim(2)).kind).toBe('nothing');
  const grant = grantOf(await sendClaim(w1, 'w1', claimBy('w1')));
  const bundle = { owner: 'w1', sha256: 'b'.repeat(64), size_bytes: 1, chunks: 1 };
  await mailReport(w1, 'w1', { ...about(grant), kind: 'submitted', base: tip, head: commit, bundle });
  const commitGrant = grantOf(await commitClaim(3, 5_000));
  const words = { lane: 'main', old: tip, new: commit, commit, subject: 'chore: tell it', found: false };
  await mailReport(committer, 'committer', { ...about(commitGrant, 'c1'), kind: 'committed', ...words });
  await until('it is closed', async () => (await stateOf(client, 'told')) === 'closed');
  expect((await commitClaim(4)).kind).toBe('nothing');
  expect((await commitClaim(5)).kind).toBe('nothing');
  await client.command({ v: 1, kind: 'close', id: 'close', task: 'by-hand', no_change: true });
  const expected = [
    'committer: no commit candidate',
    'claim: told by w1',
    'told closed by w1',
    `committer: committed ${commit} chore: tell it`,
    'committer: no commit candidate',
    'by-hand closed by operator',
  ];
  await until('all is told', async () => lines(await notices(topic)).length >= expected.length);
  expect(lines(await notices(topic))).toEqual(expected);
  const inInbox = [
    'claim: told by w1',
    'told closed by w1',
    'told: done',
    `committer: ${commit}`,
    'by-hand closed by operator',
    'by-hand: done',
  ];
  await until('the inbox has all', async () => lines(await notices(inbox)).length >= inInbox.length);
  const toInbox = await notices(inbox);
  expect(lines(toInbox)).toEqual(inInbox);
  expect(toInbox.map(({ mail }) => mail.kind)).toEqual(toInbox.map(() => 'notice'));
});

test('mail in the name of the orchestrator that is none of its own makes nothing be told again, or not at all', async () => {
  const forger = await hive.connect('orchestrator');
  const before = await notices();
  const forge = (id: string, more: Partial<Mail>) =>
    sendMail(forger, project, 'orchestrator', topic, { v: 1, id, kind: 'notice', at: 1, body: id, ...more });
  await forge('no-sequence', {});
  await hive.restartOrchestrator();
  await forge('wrong-batch.0', { journal_seq: 2 });
  await forge('far-ahead.0', { journal_seq: 1_000_000 });
  await hive.restartOrchestrator();
  await add(client, plain('after-forgery'));
  grantOf(await sendClaim(w1, 'w1', claimBy('w1', { number: 2, wait_ms: 1_000 })));
  const told = await until('the claim is told', async () => {
    const mails = await notices();
    return lines(mails).filter((line) => line === 'claim: after-forgery by w1').length === 2 && mails;
  });
  const fresh = told.slice(before.length).map(({ mail }) => mail.body);
  expect(fresh).toEqual([
    'no-sequence',
    'wrong-batch.0',
    'far-ahead.0',
    'claim: after-forgery by w1',
    'claim: after-forgery by w1',
  ]);
  await client.command({ v: 1, kind: 'cancel', id: 'cancel-forgery', task: 'after-forgery' });
});

test('restarts at any moment lose no announcement and double none', async () => {
  const names = Array.from({ length: 60 }, (_, n) => `often-${n}`);
  await add(client, ...names.map((id) => plain(id)));
  const over = new AbortController();
  const restarting = (async () => {
    for (let times = 0; times < 4 || !over.signal.aborted; times += 1) {
      await systemClock.sleep(Math.random() * 50);
      await hive.restartOrchestrator();
    }
  })();
  const agents = ['o1', 'o2', 'o3'];
  const working = agents.map(async (agent) => {
    const claimer = await hive.claimer(agent);
    let report: Report | undefined;
    while (!over.signal.aborted) {
      const carried = report === undefined ? {} : { report };
      const asked = claimer.next({ holds: [], waitMs: 5_000, signal: over.signal, ...carried });
      const answer = await asked.catch(() => undefined);
      report = answer?.kind === 'granted' ? done(answer.grant) : undefined;
    }
  });
  try {
    await until('all are closed', async () => {
      const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks', ids: names });
      return tasks.every(({ task }) => task.state === 'closed');
    });
  } finally {
    over.abort();
    await Promise.all([...working, restarting]);
  }
  const journal = await journalOf(client);
  const expected = journal.flatMap(({ seq, batch }) =>
    announcementsOf(batch.events).map(({ to, text }, n) => ({ id: `${batch.id}.${n}`, seq, to, text })),
  );
  const told = await until('the last one is told', async () => {
    const mails = (await notices()).filter(({ mail: { body } }) => !forged.test(body ?? ''));
    return mails.at(-1)?.mail.id === expected.at(-1)?.id && mails;
  });
  expect(told.map(({ to, mail }) => ({ id: mail.id, seq: mail.journal_seq, to, text: mail.body }))).toEqual(
    expected,
  );
  const terms = new Set(journal.map(({ batch }) => batch.term));
  expect(terms.size).toBeGreaterThan(3);
  const claimed = lines(told).flatMap((line) => /^claim: (often-\d+) by o\d$/.exec(line)?.[1] ?? []);
  // Each is told on the topic and to the inbox.
  expect(claimed.toSorted()).toEqual([...names, ...names].toSorted());
});
