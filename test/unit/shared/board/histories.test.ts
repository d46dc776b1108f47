/**
 * The shortest histories that went wrong in a model of the protocol when one of its rules was missing, played on
 * the board with that rule in force. The committer's side of each is a small double of a lane's branch: runs that
 * stand in it and the fence ref (DESIGN 2.4).
 */
import { describe, expect, it } from 'vitest';
import type { AnyGrant } from '../../../../schemas/index.ts';
import { createDriver, rights } from './board-driver.ts';

/** A lane's branch: a committer raises the fence ref, looks, and moves the branch only under its own fence. */
const createBranch = () => {
  const branch = {
    runs: [] as string[],
    fence: 0,
    /** False for a committer that must stop; otherwise whether the run stands there already. */
    look(grant: AnyGrant): 'found' | 'absent' | 'stop' {
      if (branch.fence > grant.fence) return 'stop';
      branch.fence = grant.fence;
      return branch.runs.includes(grant.run) ? 'found' : 'absent';
    },
    land(grant: AnyGrant): boolean {
      if (branch.fence !== grant.fence) return false;
      branch.runs.push(grant.run);
      return true;
    },
  };
  return branch;
};

const scene = () => {
  const driver = createDriver();
  driver.add({ id: 'a' });
  return { driver, branch: createBranch(), work: driver.take('w1') };
};

describe('a history that once went wrong', () => {
  it('finished work is in the mail when its worker restarts: mail first, so it takes effect', () => {
    const { driver, work } = scene();
    // The claim names its last acked mail and is decided after it (`after_mail`), so the report comes first.
    expect(driver.submit('w1', work).answer.status).toBe('accepted');
    expect(driver.claim('w1', { incarnation: 'w1-2' }).answer.kind).toBe('wait');
    expect(driver.task('a')).toMatchObject({ state: 'submitted', losses: 0, submission: { run: work.run } });
  });

  it('a failure reported with a claim arrives by mail again: it counts once', () => {
    const { driver, work } = scene();
    const first = driver.fail('w1', work, { id: 'r1' });
    expect(driver.claim('w1').answer.kind).toBe('wait');
    expect(driver.fail('w1', work, { id: 'r1' })).toEqual({ events: [], answer: first.answer });
    expect(driver.task('a').attempts).toBe(1);
  });

  it('a failure arrives by mail again after the task was granted anew: it counts once', () => {
    const { driver, work } = scene();
    driver.fail('w1', work, { id: 'r1' });
    driver.now += 1_000_000;
    const next = driver.take('w2');
    expect(driver.fail('w1', work, { id: 'r1' }).events).toEqual([]);
    expect(driver.task('a')).toMatchObject({ attempts: 1, grant: { fence: next.fence } });
  });

  it('a submission arrives by mail again after cancel and retry: it is not taken twice', () => {
    const { driver, work } = scene();
    driver.submit('w1', work, 'r1');
    driver.command({ kind: 'cancel', task: 'a' });
    driver.command({ kind: 'retry', task: 'a' });
    expect(driver.submit('w1', work, 'r1').events).toEqual([]);
    expect(driver.task('a').state).toBe('open');
  });

  it('cancel and retry while the committer works: the task is not open while its change may land', () => {
    const { driver, branch, work } = scene();
    driver.submit('w1', work);
    const landing = driver.takeCommit('c1');
    driver.command({ kind: 'cancel', task: 'a' });
    driver.command({ kind: 'retry', task: 'a' });
    expect(branch.look(landing)).toBe('absent');
    expect(branch.land(landing)).toBe(true);
    expect(driver.task('a').state).toBe('committing');
    expect(driver.claim('w2').answer.kind).toBe('wait');
    driver.committed('c1', landing);
    expect(driver.task('a')).toMatchObject({ state: 'closed', closing: { how: 'committed' } });
  });

  it('cancel, and the committer dies after landing: the next one finds the commit, and committed wins', () => {
    const { driver, branch, work } = scene();
    driver.submit('w1', work);
    const landing = driver.takeCommit('c1');
    driver.command({ kind: 'cancel', task: 'a' });
    branch.look(landing);
    branch.land(landing);
    driver.takeover(landing);
    const second = driver.takeCommit('c2');
    expect(branch.look(second)).toBe('found');
    driver.committed('c2', second, { found: true });
    expect(driver.task('a').state).toBe('closed');
    expect(branch.runs).toEqual([work.run]);
  });

  it('cancel and retry between two committers: no second run lands beside the first', () => {
    const { driver, branch, work } = scene();
    driver.submit('w1', work);
    const landing = driver.takeCommit('c1');
    driver.command({ kind: 'cancel', task: 'a' });
    driver.command({ kind: 'retry', task: 'a' });
    expect(driver.claim('w1').answer.kind).toBe('wait');
    expect(driver.claim('c2', { work: 'commit' }).answer.kind).toBe('wait');
    branch.look(landing);
    branch.land(landing);
    driver.committed('c1', landing);
    expect([driver.task('a').state, branch.runs]).toEqual(['closed', [work.run]]);
  });

  it('a committer taken over while its gates ran: the fence ref stops it, and its successor’s bounce holds', () => {
    const { driver, branch, work } = scene();
    driver.submit('w1', work);
    const slow = driver.takeCommit('c1');
    expect(branch.look(slow)).toBe('absent');
    driver.takeover(slow);
    const second = driver.takeCommit('c2');
    expect(branch.look(second)).toBe('absent');
    expect(branch.land(slow)).toBe(false);
    expect(branch.look(slow)).toBe('stop');
    driver.bounced('c2', second, 'gate');
    expect([driver.task('a').state, branch.runs]).toEqual(['open', []]);
    expect(driver.committed('c1', slow).answer).toMatchObject({ code: 'fenced' });
  });

  it('reports of every ended grant, however late, change nothing', () => {
    const { driver, work } = scene();
    driver.takeover(work);
    driver.now += 1_000_000;
    const second = driver.take('w2');
    driver.submit('w2', second);
    const landing = driver.takeCommit('c1');
    driver.bounced('c1', landing, 'conflict');
    const before = driver.batches.length;
    for (const [from, grant] of [
      ['w1', work],
      ['w2', second],
    ] as const) {
      expect(driver.submit(from, grant).answer).toMatchObject({ code: 'fenced' });
      expect(driver.done(from, grant).answer).toMatchObject({ code: 'fenced' });
      expect(driver.report(from, { kind: 'progress', ...rights(grant), note: 'x' }).answer).toMatchObject({
        code: 'fenced',
      });
    }
    expect(driver.committed('c1', landing).answer).toMatchObject({ code: 'fenced' });
    expect(driver.takeover(second).answer).toMatchObject({ code: 'fenced' });
    expect(driver.batches.length).toBe(before);
  });
});
