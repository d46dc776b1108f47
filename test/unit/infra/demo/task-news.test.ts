import { expect, test } from 'vitest';
import { createView, tableOf } from '../../../../infra/demo/progress-view.ts';
import { after, readNews, startOfRun, type TaskNews } from '../../../../infra/demo/task-news.ts';
import type { Event } from '../../../../schemas/index.ts';
import { noPaint } from '../../../../services/cli/paint.ts';
import { announcementsOf } from '../../../../services/orchestrator/announcements.ts';

const commit = 'a'.repeat(40);

test('what the orchestrator announces is understood, several lines in one mail too', () => {
  const grant = { kind: 'work', fence: 1, agent: 'w1', run: 'r', granted_at: 0 } as const;
  const counters = { attempts: 0, losses: 0, conflicts: 0 };
  const end = { fence: 2, run: 'c', why: 'committed' } as const;
  const closing = { how: 'committed', by: 'w1', at: 0, commit } as const;
  const landed = { lane: 'demo', old: commit, new: commit, commit, by: 'committer', found: false } as const;
  const events: Event[] = [
    { type: 'granted', task: 'file-1', grant },
    { type: 'grant_ended', task: 'file-1', agent: 'committer', end, to: 'closed', ...counters, closing },
    { type: 'commit_landed', task: 'file-1', subject: 'style: format a b.js', ...landed },
  ];
  const mails = announcementsOf(events).filter(({ to }) => to.kind === 'topic');
  expect(mails.flatMap(({ text }) => readNews(text))).toEqual([
    { kind: 'claimed', task: 'file-1', agent: 'w1' },
    { kind: 'closed', task: 'file-1', agent: 'w1' },
    { kind: 'committed', commit, subject: 'style: format a b.js' },
  ]);
});

test('other mail on the topic is no news', () => {
  expect(readNews('hello\ncommitter: no commit candidate\nclaim: what')).toEqual([]);
});

test('a worker that went on to its next task is not idle when the one before closes', () => {
  const news: TaskNews[] = [
    { kind: 'claimed', task: 'one', agent: 'w1' },
    { kind: 'claimed', task: 'two', agent: 'w1' },
    { kind: 'closed', task: 'one', agent: 'w1' },
  ];
  const progress = news.reduce(after, startOfRun(2, ['w1', 'w2']));
  expect(progress).toMatchObject({ closed: 1, working: { w1: 'two', w2: '' } });
  const closed = after(progress, { kind: 'closed', task: 'two', agent: 'w1' });
  expect(closed).toMatchObject({ closed: 2, working: { w1: '', w2: '' } });
});

test('piped, each thing that happens is one plain line', () => {
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  const view = createView({ stream, noColor: false, elapsedMs: () => 1_240 });
  view.begin(new Map([['file-1', 'style: format a.js']]), ['w1']);
  view.take({ kind: 'claimed', task: 'file-1', agent: 'w1' });
  view.take({ kind: 'closed', task: 'file-1', agent: 'w1' });
  view.take({ kind: 'committed', commit, subject: 'style: format a.js' });
  view.end();
  expect(text.split('\n')).toEqual([
    '  1.2 s  claim   file-1 by w1: style: format a.js',
    '  1.2 s  closed  file-1 (1 of 1)',
    '  1.2 s  commit  aaaaaaaaaa style: format a.js',
    '',
  ]);
});

test('the table fits the terminal, however many workers and however long the names', () => {
  const workers = Array.from({ length: 40 }, (_, n) => `w${n}`);
  const titles = new Map([['file-1', `style: format ${'x'.repeat(300)}`]]);
  const busy = workers.reduce(
    (progress, agent) => after(progress, { kind: 'claimed', task: 'file-1', agent }),
    startOfRun(10, workers),
  );
  const lines = tableOf(busy, titles, 0, { columns: 60, rows: 24 }, noPaint);
  expect(lines.length).toBeLessThan(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  expect(lines.join('\n')).toMatch(/and \d+ more/);
});

test('on a terminal the table is drawn over itself and stands whole at the end', () => {
  let text = '';
  const stream = { isTTY: true, columns: 80, rows: 24, write: (more: string) => (text += more) };
  const view = createView({ stream, noColor: true, elapsedMs: () => 0 });
  view.begin(new Map([['file-1', 'style: format a.js']]), ['w1']);
  view.take({ kind: 'claimed', task: 'file-1', agent: 'w1' });
  view.take({ kind: 'closed', task: 'file-1', agent: 'w1' });
  view.end();
  view.say('after');
  const last = text.slice(text.lastIndexOf('\x1b[J'));
  expect(last).toContain('1 of 1 tasks closed');
  expect(last).toContain('after');
});
