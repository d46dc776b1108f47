import { describe, expect, it } from 'vitest';
import type { CommandAnswer, TaskView } from '../../../../schemas/index.ts';
import { type Moved, movesEnvelope, movesText } from '../../../../services/cli/moves.ts';
import { viewOf } from './task-view.ts';

const answer = (more: Partial<CommandAnswer>): CommandAnswer => ({
  v: 1,
  id: 'c',
  status: 'ok',
  term: 1,
  journal_seq: 9,
  ...more,
});
const ok = (
  verb: Moved['verb'],
  view: TaskView,
  task: { state: 'open' | 'claimed' | 'closed' | 'committing'; revision: number; deferred?: boolean },
): Moved => ({
  verb,
  by: 'ann',
  view,
  answer: answer({ tasks: [{ id: view.task.id, ...task }] }),
});
const no = (id: string, code: string): Moved => ({
  verb: 'close',
  by: 'ann',
  view: viewOf({ id }),
  answer: answer({ status: 'refused', code, message: `${id}: ${code}` }),
});

describe('what became of tasks', () => {
  it("is for one the tracker's id and status", () => {
    const moved = [ok('start', viewOf(), { state: 'claimed', revision: 2 })];
    expect(movesEnvelope('task start', moved)).toMatchObject({
      status: 'success',
      data: { id: 'a', status: 'in_progress', state: 'claimed' },
      warnings: [],
    });
    expect(movesText(moved)).toBe('a: started');
  });

  it('is for several a list', () => {
    const moved = [
      ok('close', viewOf({ id: 'a' }), { state: 'closed', revision: 2 }),
      ok('close', viewOf({ id: 'b', state: 'closed', revision: 3 }), { state: 'closed', revision: 3 }),
    ];
    expect(movesEnvelope('task close', moved)).toMatchObject({
      data: { total: 2, tasks: [{ id: 'a' }, { id: 'b' }] },
    });
    expect(movesText(moved)).toBe('a: closed\nb: nothing to do, it is closed');
  });

  it('says plainly that a wish waits for the committer', () => {
    const moved = [
      ok('cancel', viewOf({ state: 'committing' }), { state: 'committing', revision: 2, deferred: true }),
    ];
    const words =
      'a: recorded; the committer has it: the cancel takes effect unless the commit stands in the branch already';
    expect(movesText(moved)).toBe(words);
    expect(movesEnvelope('task cancel', moved)).toMatchObject({
      data: { id: 'a', status: 'in_progress', deferred: true },
      warnings: [words],
    });
  });

  it('names both owners of a takeover, and none where somebody starts again what is theirs', () => {
    const grant = { kind: 'manual' as const, fence: 1, agent: 'bob', run: 'r', granted_at: 0 };
    const taken = [ok('start', viewOf({ state: 'claimed', grant }), { state: 'claimed', revision: 3 })];
    expect(movesEnvelope('task start', taken)).toMatchObject({
      warnings: ['ownership takeover: bob -> ann'],
    });
    const again = [
      ok('start', viewOf({ state: 'claimed', grant: { ...grant, agent: 'ann' } }), {
        state: 'claimed',
        revision: 1,
      }),
    ];
    expect(movesEnvelope('task start', again)).toMatchObject({ warnings: [] });
    expect(movesText(again)).toBe('a: already in progress by you');
  });

  it('is an error when any was refused: the gravest code, every refusal by name, and what was done', () => {
    const moved = [
      no('a', 'held'),
      ok('close', viewOf({ id: 'b' }), { state: 'closed', revision: 2 }),
      no('c', 'gates-required'),
    ];
    expect(movesEnvelope('task close', moved)).toMatchObject({
      status: 'error',
      error: {
        message: 'a: held\nc: gates-required',
        code: 3,
        kind: 'policy_blocked',
        details: {
          reason: 'gates-required',
          done: [{ id: 'b', status: 'closed' }],
          refused: [
            { id: 'a', reason: 'held' },
            { id: 'c', reason: 'gates-required' },
          ],
        },
      },
    });
    expect(movesEnvelope('task close', [no('a', 'held')])).toMatchObject({
      error: { code: 2, details: { reason: 'held' } },
    });
  });
});
