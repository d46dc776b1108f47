import { describe, expect, it } from 'vitest';
import {
  countEnvelope,
  failureEnvelope,
  listEnvelope,
  movedEnvelope,
  refusalEnvelope,
  showEnvelope,
} from '../../../../services/cli/task-envelope.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { viewOf } from './task-view.ts';

describe('the tracker envelope', () => {
  it('of a list has what scripts read: .data.total and .data.tasks[]', () => {
    const envelope = listEnvelope('task ready', [
      viewOf({ id: 'a' }),
      viewOf({ id: 'b', state: 'submitted' }),
    ]);
    expect(Object.keys(envelope)).toEqual([
      'schema_version',
      'command',
      'status',
      'data',
      'warnings',
      'next_steps',
    ]);
    expect(envelope).toMatchObject({
      schema_version: 'sv.v1',
      command: 'task ready',
      status: 'success',
      data: {
        total: 2,
        tasks: [
          { id: 'a', status: 'open' },
          { id: 'b', status: 'in_progress' },
        ],
      },
      warnings: [],
      next_steps: [],
    });
  });

  it('of a list that was cut counts all', () => {
    expect(listEnvelope('task list', [viewOf()], { total: 9, warnings: ['cut'] })).toMatchObject({
      data: { total: 9 },
      warnings: ['cut'],
    });
  });

  it('of a count and of a change is as small as the tracker has it', () => {
    expect(JSON.stringify(countEnvelope('task count', 3))).toBe(
      '{"schema_version":"sv.v1","command":"task count","status":"success","data":{"total":3},"warnings":[],"next_steps":[]}',
    );
    expect(movedEnvelope('task start', { id: 'a', state: 'claimed' }).data).toEqual({
      id: 'a',
      status: 'in_progress',
      state: 'claimed',
    });
  });

  it('of one task has comments, relations and events', () => {
    const attachments = [{ kind: 'answer' as const, at: 0, text: 'use B' }];
    const view = viewOf({ deps: ['b'], parent: 'epic', attachments }, { blocked_by: ['b'] });
    expect(showEnvelope('task show', view, { events: [{ type: 'task_added' }] }).data).toEqual({
      task: expect.objectContaining({
        id: 'a',
        comments_count: 1,
        last_comment_at: '1970-01-01T00:00:00.000Z',
      }),
      comments: [{ kind: 'answer', created_at: '1970-01-01T00:00:00.000Z', body: 'use B' }],
      relations: { parent: 'epic', deps: ['b'], blocked_by: ['b'] },
      events: [{ type: 'task_added' }],
    });
  });

  it.each([
    ['held', 2, 'user_error'],
    ['unknown-task', 2, 'user_error'],
    ['ended', 2, 'user_error'],
    ['something-new', 2, 'user_error'],
    ['blocked', 3, 'policy_blocked'],
    ['gates-required', 3, 'policy_blocked'],
    ['wrong-role', 3, 'policy_blocked'],
    ['not-leading', 4, 'operation_failed'],
  ])('of the refusal %s has code %i, %s', (reason, code, kind) => {
    expect(refusalEnvelope('task start', { code: reason, message: 'no' }, ['try again'])).toEqual({
      schema_version: 'sv.v1',
      command: 'task start',
      status: 'error',
      error: { message: 'no', code, kind, details: { reason } },
      next_steps: ['try again'],
    });
  });

  it('of a failure tells usage from what could not be carried out', () => {
    expect(failureEnvelope('task list', new WaggleError('usage', { message: 'no such flag' })).error).toEqual(
      {
        message: 'no such flag',
        code: 2,
        kind: 'user_error',
        details: { reason: 'usage' },
      },
    );
    expect(
      failureEnvelope('task list', new WaggleError('bus-timeout', { what: 'x', timeoutMs: 5, hint: 'wait' })),
    ).toMatchObject({
      error: {
        code: 4,
        kind: 'operation_failed',
        details: { reason: 'bus-timeout', what: 'x', timeoutMs: 5 },
      },
      next_steps: ['wait'],
    });
    expect(failureEnvelope('task list', new TypeError('oops')).error).toMatchObject({
      message: 'oops',
      code: 4,
    });
  });
});
