import { expect, it } from 'vitest';
import { fetchTasks } from '../../../../../services/cli/commands/task/listing.ts';
import type { BoardClient } from '../../../../../shared/bus/board-client.ts';
import { viewOf } from '../task-view.ts';

const { signal } = new AbortController();

/** Gives the pages one after another, whatever is asked. */
function clientOf(pages: readonly { ids: readonly string[]; next?: string }[]) {
  const asked: (string | undefined)[] = [];
  const query = async ({ after }: { after?: string }) => {
    const { ids, next } = pages[asked.length] ?? { ids: [] };
    asked.push(after);
    return { tasks: ids.map((id) => viewOf({ id })), total: 9, ...(next === undefined ? {} : { next }) };
  };
  return { client: { query } as unknown as BoardClient, asked };
}

it('a list is read page after page', async () => {
  const { client, asked } = clientOf([{ ids: ['a', 'b'], next: 'b' }, { ids: ['c'] }]);
  const views = await fetchTasks(client, {}, signal);
  expect(views.map(({ task }) => task.id)).toEqual(['a', 'b', 'c']);
  expect(asked).toEqual([undefined, 'b']);
});

it('a list that begins again, because its last task has gone meanwhile, ends and holds nothing twice', async () => {
  const { client } = clientOf([
    { ids: ['a', 'b'], next: 'b' },
    { ids: ['a', 'b'], next: 'b' },
    { ids: ['never'] },
  ]);
  const views = await fetchTasks(client, { ready: true }, signal);
  expect(views.map(({ task }) => task.id)).toEqual(['a', 'b']);
});
