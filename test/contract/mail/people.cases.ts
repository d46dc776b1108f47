import { describe, expect, it } from 'vitest';
import { until } from '../../support/asking.ts';
import { draft, freshName, type MailLab } from './lab.ts';

export function peopleCases(lab: () => MailLab): void {
  describe('who', () => {
    it('lists whoever sent, watched, registered or said something, by name, and not the orchestrator', async () => {
      const names = ['sender', 'watcher', 'speaker'].map(freshName);
      const [sender, watcher, speaker] = await Promise.all(names.map((name) => lab().desk(name)));
      await sender?.send(draft(freshName('topic'), 'hi'));
      await speaker?.setStatus('thinking');
      const end = new AbortController();
      const watched = (async () => {
        for await (const _ of watcher?.watch({}, end.signal) ?? []);
      })();
      const who = await until('all are seen', async () => {
        const list = (await sender?.who()) ?? [];
        return names.every((name) => list.some((one) => one.name === name)) && list;
      });
      end.abort();
      await watched;
      expect(who.map(({ name }) => name)).toEqual(who.map(({ name }) => name).sort());
      expect(who.map(({ name }) => name)).not.toContain('orchestrator');
      expect(who.find(({ name }) => name === names[2])?.status).toBe('thinking');
      for (const name of names) {
        const one = who.find((each) => each.name === name);
        expect(Math.abs(Date.parse(one?.last_seen ?? '') - Date.now())).toBeLessThan(60_000);
        expect(Date.parse(one?.first_seen ?? '')).toBeLessThanOrEqual(Date.parse(one?.last_seen ?? ''));
      }
    });
  });

  describe('status', () => {
    it('is what the agent said last, until it is cleared', async () => {
      const desk = await lab().desk(freshName('agent'));
      expect(await desk.status()).toBeUndefined();
      await desk.setStatus(' on\nthe parser ');
      expect(await desk.status()).toBe('on the parser');
      await desk.setStatus(undefined);
      expect(await desk.status()).toBeUndefined();
    });

    it('has at most 1,000 characters', async () => {
      const desk = await lab().desk(freshName('agent'));
      await desk.setStatus('x'.repeat(1_000));
      await expect(desk.setStatus('x'.repeat(1_001))).rejects.toMatchObject({ code: 'mail-invalid' });
      expect(await desk.status()).toHaveLength(1_000);
    });
  });

  describe('register', () => {
    it('takes the own name, again and again', async () => {
      const name = freshName('agent');
      const desk = await lab().desk(name);
      const first = await desk.register(name);
      expect(first).toMatchObject({ name, first_seen: expect.stringMatching(/Z$/) });
      expect((await desk.register(name)).first_seen).toBe(first.first_seen);
      expect((await desk.who()).map((one) => one.name)).toContain(name);
    });
  });
}
