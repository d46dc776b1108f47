import { expect, test } from 'vitest';
import type { BoardConfig, ClaimAnswer, CommandAnswer } from '../../../../schemas/index.ts';
import type { Writer } from '../../../../services/orchestrator/writer.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { claimBy, grantOf, until } from '../../../support/asking.ts';
import { addTo, start } from '../../../support/held-writer.ts';

test('nobody is answered before the ack, and what comes meanwhile shares the next batch', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  const answered: string[] = [];
  const say = (id: string) => addTo(writer, id).then(() => answered.push(id));
  const first = say('one');
  await until('it is appended', () => journal.waits());
  const rest = ['two', 'three', 'four'].map(say);
  expect(answered).toEqual([]);
  journal.ack();
  await first;
  await until('the rest is appended', () => journal.waits());
  expect(answered).toEqual(['one']);
  journal.ack();
  await Promise.all(rest);
  expect(journal.batches).toHaveLength(3);
});

test('journal time goes on while the clock, set right again, is behind it', async () => {
  let ahead = 3_600_000;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const { journal, writer } = start(1_000_000, clock);
  await until('it leads', () => journal.batches.length === 1);
  const jumped = journal.batches[0]?.at ?? 0;
  ahead = 0;
  const at = () => journal.batches.at(-1)?.at ?? 0;
  await addTo(writer, 'one');
  expect(at()).toBeGreaterThanOrEqual(jumped);
  let n = 0;
  await until('time has passed', async () => {
    n += 1;
    await addTo(writer, `more-${n}`);
    return at() > jumped + 20;
  });
});

test('queries see acked state only', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  const adding = addTo(writer, 'one');
  await until('it is appended', () => journal.waits());
  let seen = -1;
  writer.query((board) => {
    seen = board.tasks.size;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toBe(-1);
  journal.ack();
  await adding;
  await until('the query was answered', () => seen >= 0);
  expect(seen).toBe(1);
});

test('when another batch stands there nobody is answered and the term ends', async () => {
  const { journal, writer, over } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  let isAnswered = false;
  void addTo(writer, 'one').then(() => {
    isAnswered = true;
  });
  await until('it is appended', () => journal.waits());
  journal.refuse();
  await expect(over).rejects.toMatchObject({ code: 'journal-refused' });
  expect(isAnswered).toBe(false);
});

const configure = (writer: Writer, more: Partial<BoardConfig>) =>
  new Promise<CommandAnswer>((resolve) => {
    writer.command(
      'ada',
      { v: 1, kind: 'configure', id: 'conf', config: { ...emptyConfig, ...more } },
      resolve,
    );
  });

test('the end of a rest wakes the writer, and whoever waits for that profile gets work', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  await configure(writer, { profiles: { default: {} } });
  await addTo(writer, 'one');
  const end = systemClock.now() + 150;
  const cool = { kind: 'profile', id: 'cool', profile: 'default', action: 'cool', until: end } as const;
  await new Promise((resolve) => writer.command('ada', { v: 1, ...cool }, resolve));
  const answer = await new Promise<ClaimAnswer>((resolve) => {
    writer.claim('w1', claimBy('w1', { wait_ms: 5_000 }), resolve);
  });
  expect(grantOf(answer).task).toBe('one');
  expect(journal.batches.at(-1)?.at).toBeGreaterThanOrEqual(end);
});

test('a beat costs a batch only where a budget has to hear what its run used', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  await configure(writer, { budgets: { project: { tokens: 1_000 } } });
  await addTo(writer, 'one');
  const answer = await new Promise<ClaimAnswer>((resolve) => writer.claim('w1', claimBy('w1'), resolve));
  const { fence } = grantOf(answer);
  const before = journal.batches.length;
  for (const input_tokens of [5, 9, 800, 801]) writer.usage({ from: 'w1', fence, usage: { input_tokens } });
  writer.usage({ from: 'w2', fence, usage: { input_tokens: 900 } });
  await until('it is stored', () => journal.batches.length > before);
  // Another input shows that nothing else was waiting.
  await addTo(writer, 'two');
  const events = journal.batches.slice(before).flatMap((batch) => batch.events.map(({ type }) => type));
  expect(events).toEqual(['run_used', 'budget_reached', 'task_added', 'answered']);
});
