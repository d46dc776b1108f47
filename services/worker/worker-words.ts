/**
 * Carries out an operator's orders that are words for the harness: kept for the next run, or told to the one that works.
 */
import type { Applied, WordOrders } from '../../shared/agent/orders.ts';
import type { WordStore } from './operator-words.ts';
import type { Shift } from './shift.ts';

/** `shift`: the harness that lives now, if one does. */
export function wordOrders(words: WordStore, shift: () => Pick<Shift, 'steer'> | undefined): WordOrders {
  /** By their ids: a second copy is answered with what becomes of the first. */
  const steering = new Map<string, Promise<Applied>>();
  const steer = async (id: string, text: string): Promise<Applied> => {
    const state = words.stateOf(id);
    if (state !== undefined) return state === 'told' ? 'now' : 'next_run';
    // On disk first: a worker that dies while it interrupts its harness has told nobody.
    await words.put(id, 'interrupt', text);
    const applied = (await shift()?.steer(text)) ?? 'next_run';
    if (applied === 'now') await words.told(words.forRun().filter((word) => word.id === id));
    return applied;
  };
  return {
    async message(id, text) {
      await words.put(id, 'message', text);
      return 'next_run';
    },
    async nextPrompt(id, text) {
      await words.put(id, 'prompt', text);
      return 'next_run';
    },
    steer(id, text) {
      const first = steering.get(id);
      if (first !== undefined) return first;
      const steered = steer(id, text).finally(() => steering.delete(id));
      steering.set(id, steered);
      return steered;
    },
  };
}
