import { describe, expect, test } from 'vitest';
import { Desks } from '../../../../../services/cli/mcp/desks.ts';
import { WaggleError } from '../../../../../shared/errors.ts';
import { type FakeMail, fakeMail } from './doubles.ts';

const gone = () => new WaggleError('socket-closed', { path: '/run/s', how: 'closed' });

/** Desks over these ways, one after the other. */
function desksOf(...ways: (FakeMail | Error)[]) {
  let opened = 0;
  const desks = new Desks({
    async mail() {
      const way = ways[opened];
      opened += 1;
      if (way === undefined) throw new Error('opened too often');
      if (way instanceof Error) throw way;
      return way.desk;
    },
  });
  return { desks, opened: () => opened };
}

describe('the mail desk', () => {
  test('is opened when it is needed, and once', async () => {
    const { desks, opened } = desksOf(fakeMail());
    expect(opened()).toBe(0);
    await Promise.all([desks.withMail((desk) => desk.who()), desks.withMail((desk) => desk.who())]);
    expect(opened()).toBe(1);
  });

  test('is opened anew when it has gone, for the same call', async () => {
    const [first, second] = [fakeMail([], gone()), fakeMail()];
    const { desks, opened } = desksOf(first, second);
    await desks.withMail((desk) => desk.who());
    first.isClosed = true;
    const both = [1, 2].map(() => desks.withMail((desk) => desk.inbox({ limit: 0 })));
    expect(await Promise.all(both)).toEqual([[], []]);
    expect([opened(), second.isClosed]).toEqual([2, false]);
  });

  test('that cannot be opened fails the call, and the next call tries again', async () => {
    const { desks } = desksOf(gone(), fakeMail());
    await expect(desks.withMail((desk) => desk.who())).rejects.toThrow('/run/s');
    expect(await desks.withMail((desk) => desk.who())).toHaveLength(1);
  });

  test('whose refusals are no loss of the connection is kept', async () => {
    const { desks, opened } = desksOf(fakeMail());
    await desks.withMail((desk) => desk.who());
    const refused = new WaggleError('mail-unknown', { message: 'no such mail' });
    await expect(desks.withMail(() => Promise.reject(refused))).rejects.toBe(refused);
    await desks.withMail((desk) => desk.who());
    expect(opened()).toBe(1);
  });

  test('is closed with the desks', async () => {
    const box = fakeMail();
    const { desks } = desksOf(box);
    await desks.withMail((desk) => desk.who());
    await desks.close();
    expect(box.isClosed).toBe(true);
  });
});
