/**
 * Carries out an operator's orders that are words for the harness: kept for the next run, or told to the one that works.
 */
import type { Applied, WordOrders } from '../../shared/agent/orders.ts';
import type { OperatorWords } from './operator-words.ts';
import type { Shift } from './shift.ts';

/** `shift`: the harness that lives now, if one does. */
export function wordOrders(words: OperatorWords, shift: () => Pick<Shift, 'steer'> | undefined): WordOrders {
  return {
    async message(id, text) {
      await words.put(id, 'message', text);
      return 'next_run';
    },
    async nextPrompt(id, text) {
      await words.put(id, 'prompt', text);
      return 'next_run';
    },
    async steer(id, text): Promise<Applied> {
      if (words.has(id)) return 'now';
      // On disk first: a worker that dies while it interrupts its harness has told nobody.
      await words.put(id, 'interrupt', text);
      const applied = (await shift()?.steer(text)) ?? 'next_run';
      if (applied === 'now') await words.told(words.forRun().filter((word) => word.id === id));
      return applied;
    },
  };
}
