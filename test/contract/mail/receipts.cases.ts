import { describe, expect, it } from 'vitest';
import type { MailDesk } from '../../../shared/mail/desk.ts';
import { until } from '../../support/asking.ts';
import { bodiesOf, draft, freshName, listen, type MailLab, seqOf } from './lab.ts';

const statesOf = async (desk: MailDesk, seq: number) =>
  (await desk.trace(seq)).receipts.map(({ by, state }) => `${by} ${state}`);

export function receiptCases(lab: () => MailLab): void {
  /** A sender, and a recipient whom somebody has seen. */
  const pair = async () => {
    const [ada, bob] = [await lab().desk(freshName('ada')), await lab().desk(freshName('bob'))];
    await bob.setStatus('here');
    return { ada, bob, to: `@${bob.agent}` };
  };

  describe('what becomes of a mail', () => {
    it('is stored, delivered, read and acknowledged, each once, and its sender can ask', async () => {
      const { ada, bob, to } = await pair();
      const sent = await ada.send(draft(to, 'please', { ackWithinMs: 600_000 }));
      const seq = seqOf(sent);
      expect(await ada.trace(seq)).toMatchObject({ record: sent, receipts: [] });
      const target = { kind: 'agent', name: bob.agent } as const;
      for (let n = 0; n < 2; n += 1) await bob.log({ target, limit: 0 });
      await until('it is delivered', async () => (await statesOf(ada, seq)).length > 0);
      for (let n = 0; n < 2; n += 1) expect(await bob.read(seq)).toEqual(sent);
      for (let n = 0; n < 2; n += 1) expect(await bob.ack(seq)).toEqual(sent);
      await bob.read(seq);
      const states = ['delivered', 'read', 'acknowledged'].map((state) => `${bob.agent} ${state}`);
      expect(await statesOf(ada, seq)).toEqual(states);
    });

    it('is watched until it is acknowledged, when that was asked for', async () => {
      const { ada, bob, to } = await pair();
      const seq = seqOf(await ada.send(draft(to, 'please', { ackWithinMs: 600_000 })));
      const letter = await until('it is watched', async () => (await ada.trace(seq)).letter);
      expect(letter).toMatchObject({ state: 'waiting', ack_by: expect.any(Number) });
      await bob.read(seq);
      await until('it is delivered', async () => (await ada.trace(seq)).letter?.state === 'delivered');
      await bob.ack(seq);
      await until('nobody watches it', async () => (await ada.trace(seq)).letter === undefined);
    });

    it('an open watch delivers', async () => {
      const { ada, bob, to } = await pair();
      const { last } = await ada.log({ limit: 1 });
      const watch = listen(bob, { target: { kind: 'agent', name: bob.agent }, after: last });
      const seq = seqOf(await ada.send(draft(to, 'hi')));
      await until('it is delivered', async () => (await statesOf(ada, seq)).length > 0);
      await watch.stop();
      expect(await statesOf(ada, seq)).toEqual([`${bob.agent} delivered`]);
    });

    it('a desk that closes has told what it handed over', async () => {
      const { ada, bob, to } = await pair();
      const seqs = [];
      for (let n = 0; n < 6; n += 1) seqs.push(seqOf(await ada.send(draft(to, n))));
      await bob.log({ target: { kind: 'agent', name: bob.agent }, limit: 0 });
      await bob.close();
      for (const seq of seqs) expect(await statesOf(ada, seq)).toEqual([`${bob.agent} delivered`]);
    });

    it('is no matter of others who read it, nor of its sender', async () => {
      const { ada, bob, to } = await pair();
      const eve = await lab().desk(freshName('eve'));
      const sent = await ada.send(draft(to, 'private it is not'));
      const target = { kind: 'agent', name: bob.agent } as const;
      for (const desk of [eve, ada]) {
        expect(bodiesOf((await desk.log({ target, limit: 0 })).records)).toEqual([sent.body]);
        expect(await desk.read(seqOf(sent))).toEqual(sent);
        await expect(desk.ack(seqOf(sent))).rejects.toMatchObject({ code: 'mail-invalid' });
      }
      await eve.close();
      expect(await statesOf(ada, seqOf(sent))).toEqual([]);
    });

    it('to a topic is told by each reader where its sender asked for it, else by nobody', async () => {
      const { ada, bob } = await pair();
      const eve = await lab().desk(freshName('eve'));
      const name = freshName('topic');
      const asked = seqOf(await ada.send(draft(name, 'all read this', { ackWithinMs: 600_000 })));
      const plain = seqOf(await ada.send(draft(name, 'as you like')));
      for (const desk of [bob, eve]) {
        await desk.ack(asked);
        await desk.read(plain);
        await expect(desk.ack(plain)).rejects.toMatchObject({ code: 'mail-invalid' });
      }
      expect(await statesOf(ada, asked)).toEqual([`${bob.agent} acknowledged`, `${eve.agent} acknowledged`]);
      expect(await statesOf(ada, plain)).toEqual([]);
    });

    it('of no mail is unknown', async () => {
      const { ada } = await pair();
      const { last } = await ada.log({ limit: 1 });
      const seq = last + 1_000;
      for (const verb of ['read', 'ack', 'trace', 'thread'] as const) {
        await expect(ada[verb](seq)).rejects.toMatchObject({ code: 'mail-unknown', exitCode: 1 });
      }
      // A receipt is none either. Where it is stored is not known, as a notice may come before it; the log lists none.
      const { ada: eva, bob, to } = await pair();
      const mail = seqOf(await eva.send(draft(to, 'x')));
      await bob.ack(mail);
      const { records, last: end } = await eva.log({ everything: true, limit: 0, since: { seq: mail } });
      const mails = new Set(records.map(seqOf));
      const others = Array.from({ length: end - mail }, (_, n) => mail + 1 + n).filter(
        (one) => !mails.has(one),
      );
      expect(others.length).toBeGreaterThan(0);
      for (const one of others) await expect(eva.read(one)).rejects.toMatchObject({ code: 'mail-unknown' });
    });
  });

  describe('inbox', () => {
    it('lists own mail, unread first, and remembers what was read', async () => {
      const { ada, bob, to } = await pair();
      const seqs = [];
      for (const body of ['a', 'b', 'c', 'd']) seqs.push(seqOf(await ada.send(draft(to, body))));
      await ada.send(draft(freshName('topic'), 'not for bob'));
      await bob.read(seqs[0] ?? 0);
      await bob.ack(seqs[2] ?? 0);
      const list = async (more: object = {}) =>
        (await bob.inbox({ limit: 0, ...more })).map(({ record, state }) => `${record.body} ${state}`);
      const all = ['b unread', 'd unread', 'a read', 'c acknowledged'];
      expect(await list()).toEqual(all);
      // Listing delivers, and does not read.
      expect(await list()).toEqual(all);
      expect(await list({ unreadOnly: true })).toEqual(['b unread', 'd unread']);
      expect(await list({ limit: 3 })).toEqual(['b unread', 'd unread', 'c acknowledged']);
      expect(await list({ limit: 1 })).toEqual(['d unread']);
      // Another desk of the same agent knows it too.
      const again = await lab().desk(bob.agent);
      expect((await again.inbox({ limit: 0 })).map(({ state }) => state)).toEqual(
        all.map((line) => line.split(' ')[1]),
      );
    });

    it('is empty for whom nobody wrote to', async () => {
      const desk = await lab().desk(freshName('nobody'));
      expect(await desk.inbox({ limit: 20 })).toEqual([]);
    });
  });
}
