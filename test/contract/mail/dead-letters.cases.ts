import { describe, expect, it } from 'vitest';
import { until } from '../../support/asking.ts';
import { bodiesOf, draft, freshName, type MailLab, seqOf } from './lab.ts';

export function deadLetterCases(lab: () => MailLab): void {
  describe('a mail that nobody is there to read', () => {
    const sendToNobody = async () => {
      const ada = await lab().desk(freshName('ada'));
      const sent = await ada.send(draft(`@${freshName('nobody')}`, 'is anybody there', { tags: ['t'] }));
      await until('it is dead', async () =>
        (await ada.deadLetters()).some(({ record }) => record.id === sent.id),
      );
      return { ada, sent, seq: seqOf(sent) };
    };

    it('is listed, with why, and its sender is told', async () => {
      const { ada, sent, seq } = await sendToNobody();
      const found = (await ada.deadLetters()).find(({ record }) => record.id === sent.id);
      expect(found).toEqual({ record: sent, why: 'unknown' });
      expect((await ada.trace(seq)).letter).toMatchObject({ state: 'dead', why: 'unknown' });
      const [notice] = await until('a notice comes', async () => {
        const inbox = await ada.inbox({ limit: 0 });
        return inbox.length > 0 && inbox;
      });
      expect(notice).toMatchObject({ state: 'unread', record: { from: 'orchestrator', kind: 'notice' } });
      // A notice that was read is not unread for ever.
      await ada.read(seqOf(notice?.record ?? sent));
      expect((await ada.inbox({ limit: 0 })).map(({ state }) => state)).toEqual(['read']);
    });

    it('goes as a copy to somebody else, and is done with', async () => {
      const { ada, sent, seq } = await sendToNobody();
      const bob = await lab().desk(freshName('bob'));
      await bob.setStatus('here');
      const copy = await ada.redeliver(seq, `@${bob.agent}`);
      expect(copy).toMatchObject({
        from: ada.agent,
        to: `@${bob.agent}`,
        body: sent.body,
        tags: ['t'],
        reply_to: sent.id,
      });
      expect((await bob.inbox({ limit: 0 })).map(({ record }) => record)).toEqual([copy]);
      expect((await ada.deadLetters()).map(({ record }) => record.id)).not.toContain(sent.id);
      expect(bodiesOf(await bob.thread(seqOf(copy)))).toEqual([sent.body, sent.body]);
    });

    it('gets another chance, until its recipient comes', async () => {
      const { ada, sent, seq } = await sendToNobody();
      expect(await ada.redeliver(seq, undefined)).toEqual(sent);
      expect((await ada.trace(seq)).letter).toMatchObject({ state: 'waiting' });
      const late = await lab().desk(sent.to.slice(1));
      expect(bodiesOf((await late.inbox({ limit: 0 })).map(({ record }) => record))).toEqual([sent.body]);
      await until('it is delivered', async () => (await ada.trace(seq)).letter === undefined);
    });

    it('must be one: a mail that was delivered is not delivered again', async () => {
      const { ada } = await sendToNobody();
      const bob = await lab().desk(freshName('bob'));
      await bob.setStatus('here');
      const seq = seqOf(await ada.send(draft(`@${bob.agent}`, 'x')));
      await bob.ack(seq);
      await until('it is settled', async () => (await ada.trace(seq)).letter === undefined);
      await expect(ada.redeliver(seq, '@carol')).rejects.toMatchObject({ code: 'mail-invalid' });
      await expect(ada.redeliver(seq, undefined)).rejects.toMatchObject({ code: 'mail-unknown' });
      await expect(ada.redeliver(seq + 1_000, undefined)).rejects.toMatchObject({ code: 'mail-unknown' });
    });
  });
}
