import { describe, expect, it } from 'vitest';
import { bodiesOf, draft, freshName, type MailLab, seqOf } from './lab.ts';

export function threadCases(lab: () => MailLab): void {
  describe('thread', () => {
    it('is the whole conversation, whichever of its mails is named, over topics and agents', async () => {
      const [ada, bob] = [await lab().desk('ada'), await lab().desk('bob')];
      const name = freshName('topic');
      const root = await ada.send(draft(name, 'root'));
      await ada.send(draft(name, 'something else'));
      const left = await bob.send(draft(name, 'left', { replyTo: root.id }));
      const right = await bob.send(draft('@ada', 'right', { replyTo: String(seqOf(root)) }));
      const leaf = await ada.send(draft('@bob', 'leaf', { replyTo: right.id }));
      const other = await ada.send(draft(name, 'other'));
      await bob.send(draft(name, 'answer to other', { replyTo: other.id }));
      for (const mail of [root, left, right, leaf]) {
        expect(bodiesOf(await bob.thread(seqOf(mail)))).toEqual(['root', 'left', 'right', 'leaf']);
      }
    });

    it('of a mail that nobody answered is that mail; an answer to what is gone begins one', async () => {
      const ada = await lab().desk('ada');
      const name = freshName('topic');
      const alone = await ada.send(draft(name, 'alone'));
      expect(await ada.thread(seqOf(alone))).toEqual([alone]);
      const orphan = await ada.send(draft(name, 'orphan', { replyTo: '20200101-000000-9999999' }));
      expect(await ada.thread(seqOf(orphan))).toEqual([orphan]);
    });
  });
}
