import { describe, expect, it } from 'vitest';
import { mailSequence } from '../../../shared/mail/message-id.ts';
import { draft, freshName, type MailLab, seqOf } from './lab.ts';

export function sendCases(lab: () => MailLab): void {
  describe('send', () => {
    it('stores a mail and gives it as everybody will see it', async () => {
      const ada = await lab().desk('ada');
      const topic = freshName('topic');
      const sent = await ada.send(
        draft(topic, 'hello', { priority: 'high', tags: ['b', 'a'], replyTo: '1', host: 'box' }),
      );
      expect(sent).toMatchObject({
        from: 'ada',
        to: topic,
        body: 'hello',
        reply_to: '1',
        priority: 'high',
        host: 'box',
        tags: ['b', 'a'],
      });
      expect(sent.id).toMatch(/^\d{8}-\d{6}-\d{4,}$/);
      const bob = await lab().desk('bob');
      expect(await bob.log({ target: { kind: 'topic', name: topic }, limit: 0 })).toEqual({
        records: [sent],
        last: expect.any(Number),
      });
    });

    it('gives ids that grow with what is stored, whoever sends', async () => {
      const desks = [await lab().desk('ada'), await lab().desk('bob')];
      const seqs: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        const sent = await desks[n % 2]?.send(draft('order', `m${n}`));
        seqs.push(mailSequence(sent?.id ?? '') ?? 0);
      }
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      expect(new Set(seqs).size).toBe(6);
    });

    it('of the same draft again stores no second copy, and says the same', async () => {
      const ada = await lab().desk('ada');
      const topic = freshName('topic');
      const again = draft(topic, 'once');
      const [first, second] = [await ada.send(again), await ada.send(again)];
      expect(second).toEqual(first);
      expect((await ada.log({ target: { kind: 'topic', name: topic }, limit: 0 })).records).toHaveLength(1);
    });

    it('of one sender hides none of another, whatever ids they choose', async () => {
      const [ada, bob] = [await lab().desk(freshName('ada')), await lab().desk(freshName('bob'))];
      const topic = freshName('topic');
      const one = { ...draft(topic, 'from ada'), id: '1' };
      const ids = ['1', `${bob.agent}.message.1`, `receipt.${bob.agent}.1.read`];
      for (const id of ids) await ada.send({ ...one, id });
      for (const id of ids) await bob.send({ ...one, id, body: 'from bob' });
      const { records } = await ada.log({ target: { kind: 'topic', name: topic }, limit: 0 });
      expect(records.map(({ from }) => from)).toEqual(
        ids.map(() => ada.agent).concat(ids.map(() => bob.agent)),
      );
    });

    it('refuses other words under an id that was used, and says the same to the same words', async () => {
      const name = freshName('ada');
      const ada = await lab().desk(name);
      const topic = freshName('topic');
      const first = { ...draft(topic, 'first'), id: 'x'.repeat(128) };
      const sent = await ada.send(first);
      const other = { ...first, body: 'second' };
      const refusal = {
        code: 'mail-invalid',
        message: expect.stringMatching(/was used for another message/),
      };
      await expect(ada.send(other)).rejects.toMatchObject(refusal);
      // Whoever comes after it under its name, too.
      const successor = await lab().desk(name);
      await expect(successor.send(other)).rejects.toMatchObject(refusal);
      expect(await (await lab().desk(name)).send(first)).toEqual(sent);
      const { records } = await ada.log({ target: { kind: 'topic', name: topic }, limit: 0 });
      expect(records).toEqual([sent]);
    });

    it.each([
      ['text', 'plain words', 'plain words'],
      ['a number', '123', 123],
      ['JSON', '{"a":[1,null]}', { a: [1, null] }],
      ['what only looks like a number', '123e456', '123e456'],
      ['lines and control characters', 'a\r\n\tb\u001b[31m\u0000', 'a\r\n\tb\u001b[31m\u0000'],
      ['any script', 'żółw 🐝 \u202e עברית', 'żółw 🐝 \u202e עברית'],
      ['64 KiB', 'x'.repeat(64 * 1024), 'x'.repeat(64 * 1024)],
      ['more than 64 KiB', 'y'.repeat(64 * 1024 + 1), 'y'.repeat(64 * 1024 + 1)],
      ['many bytes in few characters', '🐝'.repeat(30_000), '🐝'.repeat(30_000)],
      ['nearly 1 MiB', 'z'.repeat(1024 * 1024 - 200), 'z'.repeat(1024 * 1024 - 200)],
    ])('keeps a body of %s as it is', async (_, typed, body) => {
      const ada = await lab().desk('ada');
      const bob = await lab().desk('bob');
      const topic = freshName('topic');
      const sent = await ada.send(draft(topic, typed));
      expect(sent.body).toEqual(body);
      const { records } = await bob.log({ target: { kind: 'topic', name: topic }, limit: 1 });
      expect(records[0]?.body).toEqual(body);
      expect((await bob.read(seqOf(sent))).body).toEqual(body);
    });

    it('ends when its signal has aborted, and stores nothing', async () => {
      const ada = await lab().desk('ada');
      const topic = freshName('topic');
      await expect(ada.send(draft(topic, 'never'), AbortSignal.abort())).rejects.toThrow();
      await ada.send(draft(topic, 'after'));
      const { records } = await ada.log({ target: { kind: 'topic', name: topic }, limit: 0 });
      expect(records.map(({ body }) => body)).toEqual(['after']);
    });
  });
}
