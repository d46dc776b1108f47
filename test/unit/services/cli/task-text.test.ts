import { describe, expect, it } from 'vitest';
import { taskTable, taskText } from '../../../../services/cli/task-text.ts';
import { viewOf } from './task-view.ts';

const now = Date.UTC(2026, 1, 9, 12, 5);
const commit = '0123456789abcdef0123456789abcdef01234567';

describe('tasks for people', () => {
  it('are a line each, with `ready` for what could begin', () => {
    const grant = { kind: 'work' as const, fence: 7, agent: 'w1', run: 'r-7', granted_at: now };
    const views = [
      viewOf({ id: 'a', title: 'First\x1b[31m\nline' }, { ready: true }),
      viewOf({ id: 'long-one', state: 'claimed', grant, lane: 'main' }),
    ];
    expect(taskTable(views, { now })).toBe(
      [
        'ID        PRIO  STATE    AGENT  LANE  AGE  TITLE',
        'a         P2    ready    -      -      5m  First[31m line',
        'long-one  P2    claimed  w1     main   5m  A task',
        '',
      ].join('\n'),
    );
  });

  it('are told as a whole: fields, body, what earlier tries left, events', () => {
    const view = viewOf(
      {
        state: 'committing',
        body: 'Do it\nwell\n',
        deps: ['x', 'y'],
        attempts: 1,
        requires: { harness: 'codex', labels: ['gpu'] },
        grant: { kind: 'commit', fence: 9, agent: 'committer', run: 'g-9', granted_at: now - 60_000 },
        submission: {
          run: 'g-8',
          fence: 8,
          agent: 'w1',
          base: commit,
          head: commit,
          bundle: { owner: 'w1', sha256: 'ab', size_bytes: 1, chunks: 1 },
          submitted_at: now,
          unresolved: true,
        },
        deferred: [{ verb: 'cancel', by: 'ann', at: now, reason: 'no need' }],
        attachments: [{ kind: 'gate', fence: 7, at: now, text: 'VG-T failed\nline 2' }],
      },
      { blocked_by: ['y'] },
    );
    const events = [
      { seq: 3, at: now, event: { type: 'task_added' as const, task: view.task } },
      { seq: 4, at: now, event: { type: 'granted' as const, task: 'a', grant: view.task.grant! } },
    ];
    expect(taskText(view, events, { now })).toBe(`a  A task

state       committing
priority    P2
expects     change
deps        x, y (not closed)
requires    harness=codex, labels=gpu
tries       1 failed, 0 lost, 0 conflicts
grant       commit by committer, fence 9, run g-9, 1m ago
submission  0123456789ab..0123456789ab by w1, run g-8, just now
asked       cancel by ann: no need
added       2026-02-09T11:00:00Z by ann
changed     2026-02-09T12:00:00Z, revision 1

Do it
well

gate (2026-02-09T12:05:00Z, fence 7)
  VG-T failed
  line 2

events
  2026-02-09T12:05:00Z task added by ann
  2026-02-09T12:05:00Z granted commit to committer, fence 9
`);
  });

  it('say how they ended', () => {
    const closing = { how: 'committed' as const, by: 'w1', at: now, commit, note: 'by hand' };
    expect(taskText(viewOf({ state: 'closed', closing }), [], { now })).toContain(
      `closed    committed by w1, ${commit}: by hand\n`,
    );
  });
});
