import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { bodiesOf, draft, freshName, type MailLab, seqOf } from './lab.ts';

export function logCases(lab: () => MailLab): void {
  describe('log', () => {
    it('gives the newest so many, oldest first, filtered before that', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const target = { kind: 'topic', name } as const;
      for (let n = 0; n < 6; n += 1) await (n % 2 === 0 ? ada : bob).send(draft(name, `m${n}`));
      const bodies = async (more: object) => bodiesOf((await ada.log({ target, limit: 0, ...more })).records);
      expect(await bodies({})).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
      expect(await bodies({ limit: 2 })).toEqual(['m4', 'm5']);
      expect(await bodies({ limit: 100 })).toHaveLength(6);
      expect(await bodies({ from: 'bob', limit: 2 })).toEqual(['m3', 'm5']);
      expect(await bodies({ from: 'nobody' })).toEqual([]);
    });

    it('of no target is of all topics; with everything, of agents too, and never of receipts', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const body = freshName('body');
      const first = await ada.send(draft(freshName('topic'), body));
      const direct = await ada.send(draft('@bob', body));
      await ada.send(draft(freshName('topic'), body));
      await bob.ack(seqOf(direct));
      const kinds = (records: readonly { to: string; body: unknown }[]) =>
        records.filter((one) => one.body === body).map(({ to }) => to.startsWith('@'));
      expect(kinds((await ada.log({ limit: 2 })).records)).toEqual([false, false]);
      const all = await ada.log({ everything: true, limit: 0, since: { seq: seqOf(first) } });
      // A notice about what was done before may come in between.
      const own = all.records.filter(({ from }) => from !== 'orchestrator');
      expect(own.map(({ to }) => to.startsWith('@'))).toEqual([false, true, false]);
    });

    it('of an agent is open to everybody', async () => {
      const [ada, eve] = [await lab().desk('ada'), await lab().desk('eve')];
      const to = freshName('agent');
      await ada.send(draft(`@${to}`, 'for one'));
      const { records } = await eve.log({ target: { kind: 'agent', name: to }, limit: 0 });
      expect(bodiesOf(records)).toEqual(['for one']);
    });

    it('goes on where it was looked to: nothing is between it and a watch', async () => {
      const ada = await lab().desk('ada');
      const name = freshName('topic');
      const sent = await ada.send(draft(name, 'x'));
      const { last } = await ada.log({ target: { kind: 'topic', name }, limit: 1 });
      expect(last).toBeGreaterThanOrEqual(seqOf(sent));
    });

    it('since a time goes by the senders’ clocks, inclusive, also where those are in disorder', async () => {
      const name = freshName('topic');
      const target = { kind: 'topic', name } as const;
      let at = 0;
      const ada = await lab().desk('ada', { clock: { ...systemClock, now: () => at } });
      const noon = Date.UTC(2026, 1, 9, 12);
      for (const minute of [-30, 1, -1, 0, 30, -10]) {
        at = noon + minute * 60_000;
        await ada.send(draft(name, minute));
      }
      const since = { at: noon } as const;
      expect(bodiesOf((await ada.log({ target, limit: 0, since })).records)).toEqual([1, 0, 30]);
      expect(bodiesOf((await ada.log({ target, limit: 2, since })).records)).toEqual([0, 30]);
    });

    it('since a mail begins with that mail', async () => {
      const ada = await lab().desk('ada');
      const name = freshName('topic');
      const target = { kind: 'topic', name } as const;
      const sent = [];
      for (const body of ['a', 'b', 'c']) sent.push(await ada.send(draft(name, body)));
      const since = { seq: seqOf(sent[1] ?? { id: '', from: '', to: '', time: '', body: '' }) };
      expect(bodiesOf((await ada.log({ target, limit: 0, since })).records)).toEqual(['b', 'c']);
      expect(bodiesOf((await ada.log({ target, limit: 1, since })).records)).toEqual(['c']);
    });

    it('gives all of many, across pages', async () => {
      const ada = await lab().desk('ada');
      const name = freshName('topic');
      const count = 450;
      await Promise.all(Array.from({ length: count }, (_, n) => ada.send(draft(name, `m${n}`))));
      const { records } = await ada.log({ target: { kind: 'topic', name }, limit: 0 });
      expect(new Set(bodiesOf(records)).size).toBe(count);
      expect(records.map(seqOf)).toEqual(records.map(seqOf).sort((a, b) => a - b));
      const newest = await ada.log({ target: { kind: 'topic', name }, limit: 300 });
      expect(newest.records).toEqual(records.slice(-300));
    });

    it('is empty where there is nothing', async () => {
      const ada = await lab().desk('ada');
      const { records } = await ada.log({ target: { kind: 'topic', name: freshName('topic') }, limit: 20 });
      expect(records).toEqual([]);
    });
  });

  describe('topics', () => {
    it('are those that hold mail, with how much and since when', async () => {
      const ada = await lab().desk('ada');
      const name = freshName('topic');
      expect((await ada.topics()).map((topic) => topic.name)).not.toContain(name);
      for (const body of ['a', 'b']) await ada.send(draft(name, body));
      const topics = await ada.topics();
      const found = topics.find((topic) => topic.name === name);
      expect(found).toMatchObject({ messages: 2 });
      expect(Math.abs(Date.parse(found?.last_activity ?? '') - Date.now())).toBeLessThan(60_000);
      expect(topics.map((topic) => topic.name)).toEqual(topics.map((topic) => topic.name).sort());
    });
  });

  describe('search', () => {
    it('finds text in bodies, senders and tags, whatever its case, in short and long bodies', async () => {
      const ada = await lab().desk('ada');
      const finder = await lab().desk(freshName('finder'));
      const name = freshName('topic');
      const target = { kind: 'topic', name } as const;
      await ada.send(draft(name, 'A Needle here'));
      await ada.send(draft(name, 'nothing'));
      await ada.send(draft(name, { deep: ['NEEDLE'] }));
      await ada.send(draft(name, 'tagged', { tags: ['needle-work'] }));
      await ada.send(draft(name, `${'hay '.repeat(20_000)}needle`));
      await finder.send(draft(name, 'by whom'));
      const find = async (text: string, limit = 0) =>
        (await ada.search({ text, limit, target })).map(({ body }) =>
          String(JSON.stringify(body)).slice(0, 12),
        );
      expect(await find('needle')).toEqual(['"A Needle he', '{"deep":["NE', '"tagged"', '"hay hay hay']);
      expect(await find('NEEDLE', 2)).toEqual(['"tagged"', '"hay hay hay']);
      expect(await find(finder.agent)).toEqual(['"by whom"']);
      expect(await find('absent')).toEqual([]);
    });
  });
}
