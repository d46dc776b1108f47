import { expect, test } from 'vitest';
import type { AnyGrant, Checkpoint } from '../../../../schemas/index.ts';
import { commit, createDriver, fold, type ReportPart, rights } from './board-driver.ts';

const tree = (grant: AnyGrant, number: number, owner = 'w1'): Checkpoint => ({
  fence: grant.fence,
  number,
  base: commit(1),
  head: commit(500 + number),
  file: { owner, sha256: String(number % 10).repeat(64), size_bytes: 10, chunks: 1 },
});

const saved = (grant: AnyGrant, checkpoint: Checkpoint): ReportPart => ({
  kind: 'checkpoint',
  ...rights(grant),
  checkpoint,
});

function claimed() {
  const driver = createDriver();
  driver.add({ id: 'a', lane: 'main' });
  driver.openLane();
  return { driver, grant: driver.take('w1') };
}

test('the newest tree of a grant goes to the next one, an older one that comes late does not', () => {
  const { driver, grant } = claimed();
  driver.report('w1', saved(grant, tree(grant, 2)));
  expect(driver.report('w1', saved(grant, tree(grant, 1)))).toMatchObject({
    events: [],
    answer: { status: 'accepted' },
  });
  driver.takeover(grant);
  expect(driver.take('w2')).toMatchObject({ checkpoint: tree(grant, 2) });
});

test('a tree that comes after the end of its grant is attached, once, and not continued from', () => {
  const { driver, grant } = claimed();
  driver.report('w1', saved(grant, tree(grant, 1)));
  driver.takeover(grant);
  expect(driver.report('w1', saved(grant, tree(grant, 2))).events).toMatchObject([{ late: true }]);
  expect(driver.report('w1', saved(grant, tree(grant, 2))).events).toEqual([]);
  const next = driver.take('w2');
  expect(next).toMatchObject({ checkpoint: tree(grant, 1) });
  const rescues = driver.task('a').attachments.filter(({ kind }) => kind === 'rescue');
  expect(rescues).toMatchObject([{ fence: grant.fence, checkpoint: tree(grant, 2) }]);
});

test('what was handed in needs no continuing', () => {
  const { driver, grant } = claimed();
  driver.report('w1', saved(grant, tree(grant, 1)));
  driver.submit('w1', grant);
  expect(driver.task('a')).not.toHaveProperty('checkpoint');
});

test('a tree counts only from who holds or held the grant, and as what it is', () => {
  const { driver, grant } = claimed();
  const other = tree(grant, 1, 'w2');
  expect(driver.report('w2', saved(grant, other)).answer).toMatchObject({ code: 'not-yours' });
  expect(driver.report('w1', saved(grant, other)).answer).toMatchObject({ code: 'wrong-checkpoint' });
  const wrong = { ...tree(grant, 1), fence: grant.fence + 1 };
  expect(driver.report('w1', saved(grant, wrong)).answer).toMatchObject({ code: 'wrong-checkpoint' });
  driver.takeover(grant);
  expect(driver.report('w2', saved(grant, other)).answer).toMatchObject({ code: 'fenced' });
});

test('an old journal refuses trees by name until an operator sets its format, and there is no way back', () => {
  const { driver, grant } = claimed();
  driver.board.format = 1;
  expect(driver.report('w1', saved(grant, tree(grant, 1))).answer).toMatchObject({ code: 'needs-format' });
  expect(driver.command({ kind: 'answer', task: 'a', text: 'so' }).answer).toMatchObject({
    code: 'needs-format',
  });
  expect(driver.command({ kind: 'format', to: 2 }, 'w1').answer).toMatchObject({ code: 'wrong-role' });
  expect(driver.command({ kind: 'format', to: 2 }).answer).toMatchObject({ status: 'ok' });
  expect(driver.report('w1', saved(grant, tree(grant, 1))).answer).toMatchObject({ status: 'accepted' });
  expect(driver.command({ kind: 'format', to: 1 }).answer).toMatchObject({ code: 'format-set' });
  expect(driver.command({ kind: 'format', to: 99 }).answer).toMatchObject({ code: 'unknown-format' });
});

test('an answer opens a task that asked, is there for the next try, and is refused when the task has ended', () => {
  const { driver, grant } = claimed();
  driver.report('w1', { kind: 'blocked', ...rights(grant), outcome: 'needs_input', reason: 'which?' });
  expect(driver.command({ kind: 'answer', task: 'a', text: 'the second' }).answer).toMatchObject({
    tasks: [{ id: 'a', state: 'open' }],
  });
  expect(driver.take('w1')).toMatchObject({ attachments: [{ kind: 'answer', text: 'the second' }] });
  driver.command({ kind: 'cancel', task: 'a' });
  expect(driver.command({ kind: 'answer', task: 'a', text: 'more' }).answer).toMatchObject({ code: 'ended' });
});

test('every grant leaves a record, and the run whose change was committed names its commit', () => {
  const { driver, grant } = claimed();
  driver.report('w1', saved(grant, tree(grant, 1)));
  driver.submit('w1', grant);
  const committing = driver.takeCommit();
  driver.committed('c1', committing);
  const made = driver.board.lanes.get('main')?.tip;
  const expected = [
    { fence: grant.fence, kind: 'work', agent: 'w1', why: 'submitted', checkpoints: 1, commit: made },
    { fence: committing.fence, kind: 'commit', agent: 'c1', why: 'committed', to: 'closed', commit: made },
  ];
  expect([...driver.board.runs.values()]).toMatchObject(expected);
  expect([...fold(driver.batches, 'msgpack').runs.values()]).toMatchObject(expected);
});
