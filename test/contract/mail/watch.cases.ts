import { describe, expect, it } from 'vitest';
import { until } from '../../support/asking.ts';
import { draft, freshName, listen, type MailLab, seqOf } from './lab.ts';

export function watchCases(lab: () => MailLab): void {
  describe('watch', () => {
    it('gives what comes after a sequence, each once, in order, and then what comes', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const first = await ada.send(draft(name, 'before'));
      await ada.send(draft(name, 'm0'));
      const watch = listen(bob, { target: { kind: 'topic', name }, after: seqOf(first) });
      for (const body of ['m1', 'm2']) await ada.send(draft(name, body));
      await until('all are there', () => watch.heard.length >= 3);
      await watch.stop();
      expect(watch.bodies()).toEqual(['m0', 'm1', 'm2']);
    });

    it('gives records as the sender has them, and a lag of 0 when nothing waits', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const { last } = await ada.log({ limit: 1 });
      const watch = listen(bob, { target: { kind: 'topic', name }, after: last });
      const sent = await ada.send(draft(name, 'x', { tags: ['t'] }));
      await until('it is there', () => watch.heard.length > 0);
      await watch.stop();
      expect(watch.heard).toEqual([{ record: sent, lag: 0 }]);
    });

    it('without a sequence gives only what comes', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      await ada.send(draft(name, 'before'));
      const watch = listen(bob, { target: { kind: 'topic', name } });
      // A watch says nothing when it has begun: send until it hears.
      await until('it has begun', async () => {
        await ada.send(draft(name, 'later'));
        return watch.heard.length > 0;
      });
      await watch.stop();
      expect(watch.bodies()).not.toContain('before');
    });

    it('goes by target and sender; without a target it is of all topics, or of everything', async () => {
      const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map((name) => lab().desk(name)));
      if (ada === undefined || bob === undefined || eve === undefined) throw new Error('three desks');
      const [name, body] = [freshName('topic'), freshName('body')];
      const { last: after } = await ada.log({ limit: 1 });
      const all = listen(eve, { after, everything: true });
      const topics = listen(eve, { after });
      const direct = listen(eve, { after, target: { kind: 'agent', name: 'bob' } });
      const byBob = listen(eve, { after, target: { kind: 'topic', name }, from: 'bob' });
      await ada.send(draft(name, `${body}-1`));
      await bob.send(draft(name, `${body}-2`));
      await ada.send(draft('@bob', `${body}-3`));
      await ada.send(draft(freshName('topic'), `${body}-4`));
      const of = (watch: typeof all) =>
        watch
          .bodies()
          .filter((one) => String(one).startsWith(body))
          .map((one) => Number(String(one).slice(-1)));
      await until('everything is there', () => of(all).length === 4 && of(topics).length === 3);
      await until('the others are', () => of(direct).length === 1 && of(byBob).length === 1);
      await Promise.all([all, topics, direct, byBob].map((watch) => watch.stop()));
      expect([of(all), of(topics), of(direct), of(byBob)]).toEqual([[1, 2, 3, 4], [1, 2, 4], [3], [2]]);
    });

    it('gives long bodies whole', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const { last } = await ada.log({ limit: 1 });
      const watch = listen(bob, { target: { kind: 'topic', name }, after: last });
      const body = 'long '.repeat(50_000);
      await ada.send(draft(name, body));
      await until('it is there', () => watch.heard.length > 0);
      await watch.stop();
      expect(watch.bodies()).toEqual([body]);
    });

    it('ends without an error when its signal aborts, at once or while it waits', async () => {
      const bob = await lab().desk('bob');
      for await (const _ of bob.watch({ everything: true }, AbortSignal.abort())) throw new Error('no mail');
      const watch = listen(bob, { target: { kind: 'topic', name: freshName('topic') } });
      await watch.stop();
      expect(watch.heard).toEqual([]);
    });

    it('may be left by its reader, and does not hinder the next', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const { last: after } = await ada.log({ limit: 1 });
      for (const body of ['a', 'b']) await ada.send(draft(name, body));
      for (const expected of ['a', 'a']) {
        const end = new AbortController();
        for await (const { record } of bob.watch({ target: { kind: 'topic', name }, after }, end.signal)) {
          expect(record.body).toBe(expected);
          break;
        }
      }
    });
  });
}
