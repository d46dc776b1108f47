import { describe, expect, it } from 'vitest';
import type { Event, QueryAnswerOf } from '../../../../../schemas/index.ts';
import { readHistory } from '../../../../../services/cli/commands/task/history.ts';
import type { BoardClient } from '../../../../../shared/bus/board-client.ts';
import { viewOf } from '../task-view.ts';

const { signal } = new AbortController();
const progressed = (task: string, note: string): Event => ({
  type: 'progressed',
  task,
  fence: 1,
  agent: 'w',
  note,
});

/** A journal in pages of `page` batches; the first is `first`. Tells which sequences were asked for. */
function journalOf(
  batches: ReadonlyMap<number, readonly Event[]>,
  last: number,
  options = { page: 50, first: 1 },
) {
  const asked: number[] = [];
  const client = {
    async query({ after, limit }: { after: number; limit: number }) {
      asked.push(after);
      const found: QueryAnswerOf<'journal'>['batches'] = [];
      for (
        let seq = Math.max(options.first, after + 1);
        seq <= last && found.length < Math.min(limit, options.page);
        seq += 1
      ) {
        const events = [...(batches.get(seq) ?? [])];
        found.push({
          seq,
          batch: { v: 1, id: `b${seq}`, term: 1, at: seq, mail_seq: 0, streams: {}, events },
        });
      }
      return { v: 1, kind: 'journal', term: 1, journal_seq: last, genesis: 'g', batches: found, last };
    },
  };
  return { client: client as unknown as BoardClient, asked };
}

describe('the history of a task', () => {
  const batches = new Map<number, readonly Event[]>([
    [3, [{ type: 'task_added', task: viewOf({ id: 'a' }).task }]],
    [60, [progressed('a', 'one'), progressed('b', 'other'), progressed('a', 'two')]],
    [199, [progressed('a', 'three')]],
  ]);

  it.each([50, 7])('is whole and in order, in pages of %i', async (page) => {
    const { client } = journalOf(batches, 200, { page, first: 1 });
    const { events, isWhole } = await readHistory(client, 'a', signal);
    expect(isWhole).toBe(true);
    expect(events.map(({ seq, event }) => [seq, 'note' in event ? event.note : event.type])).toEqual([
      [3, 'task_added'],
      [60, 'one'],
      [60, 'two'],
      [199, 'three'],
    ]);
  });

  it('is read backwards, no further than what is asked for', async () => {
    const { client, asked } = journalOf(batches, 200);
    const { events } = await readHistory(client, 'a', signal, (event) => event.type === 'progressed');
    expect(events).toHaveLength(1);
    expect(Math.min(...asked)).toBe(150);
  });

  it('says when the older part is not in the journal any more', async () => {
    const { client } = journalOf(batches, 200, { page: 50, first: 100 });
    const { events, isWhole } = await readHistory(client, 'a', signal);
    expect([events.length, isWhole]).toEqual([1, false]);
  });
});
