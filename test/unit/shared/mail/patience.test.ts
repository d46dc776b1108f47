import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { persist } from '../../../../shared/mail/patience.ts';

/** A clock whose sleeps take no time but count. */
function clockOf(): Clock {
  let at = 0;
  return {
    now: () => at,
    monotonic: () => at,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      at += ms;
    },
  };
}

const timeout = () => new WaggleError('bus-timeout', { what: 'it', timeoutMs: 1 });
const closed = (reason: string) => new WaggleError('bus-closed', { reason });

/** Fails with these one after another, then succeeds; counts. */
function failing(...errors: readonly Error[]) {
  const state = { attempts: 0, left: [] as number[] };
  const attempt = async (leftMs: number): Promise<string> => {
    const error = errors[state.attempts];
    state.attempts += 1;
    state.left.push(leftMs);
    if (error !== undefined) throw error;
    return 'done';
  };
  return { state, attempt };
}

describe('persisting', () => {
  it('tries again while the bus is away, and says how much time is left', async () => {
    const missing = new WaggleError('stream-missing', { stream: 's' });
    const { state, attempt } = failing(closed('disconnected'), missing, timeout());
    expect(await persist(attempt, { clock: clockOf(), patienceMs: 1_000 })).toBe('done');
    expect(state.left).toEqual([1_000, 900, 800, 700]);
  });

  it('ends with the last error when the time is over', async () => {
    const { state, attempt } = failing(...Array.from({ length: 100 }, timeout));
    const trying = persist(attempt, { clock: clockOf(), patienceMs: 500 });
    await expect(trying).rejects.toMatchObject({ code: 'bus-timeout' });
    expect(state.attempts).toBe(6);
  });

  it.each([
    ['a bus that is closed for good', closed('closed')],
    ['a stream that was never there', new WaggleError('stream-missing', { stream: 's' })],
    ['a refusal', new WaggleError('bus-refused', { what: 'it', description: 'no', code: 1, status: 400 })],
    ['a missing right', new WaggleError('bus-forbidden', { operation: 'publish', subject: 's' })],
    ['a fault of ours', new TypeError('x')],
  ])('does not try again after %s', async (_, error) => {
    const { state, attempt } = failing(error);
    await expect(persist(attempt, { clock: clockOf(), patienceMs: 1_000 })).rejects.toBe(error);
    expect(state.attempts).toBe(1);
  });

  it('ends as soon as the signal aborts, also while an attempt hangs', async () => {
    const end = new AbortController();
    const trying = persist(() => new Promise<never>(() => {}), {
      clock: clockOf(),
      patienceMs: 1_000,
      signal: end.signal,
    });
    end.abort(new Error('enough'));
    await expect(trying).rejects.toThrow('enough');
    const { state, attempt } = failing();
    await expect(
      persist(attempt, { clock: clockOf(), patienceMs: 1_000, signal: end.signal }),
    ).rejects.toThrow('enough');
    expect(state.attempts).toBe(0);
  });
});
