import { expect, test } from 'vitest';
import { GrantSource, type GrantSourceOptions } from '../../../../shared/agent/grant-source.ts';

test('reports that a claim cannot carry go before it, by mail, and it is decided after them', async () => {
  const order: string[] = [];
  const source = new GrantSource({
    held: new Set(),
    courier: {
      // A word of progress came in beside the report of the run's end.
      forClaim: async () => undefined,
      flush: async () => {
        order.push('flush');
        return 7;
      },
      isReporting: () => false,
    },
    claimer: {
      next: async ({ afterMail }: { afterMail?: number }) => {
        order.push(`claim after ${afterMail}`);
        return { kind: 'nothing' };
      },
    },
  } as unknown as GrantSourceOptions);
  const { isCarrying } = await source.ask(new AbortController().signal, 0);
  expect(order).toEqual(['flush', 'claim after 7']);
  expect(isCarrying).toBe(false);
});
