import { afterEach, describe, expect, test } from 'vitest';
import {
  type Candidate,
  type CandidateOptions,
  candidate,
  KeyStore,
  LEASE_MS,
  leaveAll,
  pass,
  passUntil,
  SUBJECT,
} from './election-bench.ts';

const RENEW_MS = LEASE_MS / 5;
const LATE_MS = LEASE_MS / 3;
const LOOK_MS = LEASE_MS / 6;
const STEP_MS = 5;

const running: Candidate[] = [];
afterEach(() => leaveAll(...running.splice(0)));

function start(name: string, store: KeyStore, options?: CandidateOptions): Candidate {
  const one = candidate(name, store, options);
  running.push(one);
  return one;
}

/** Two candidates, of which the first leads. */
async function leaderAndFollower(options?: CandidateOptions) {
  const store = new KeyStore();
  const a = start('a', store, options);
  await pass(STEP_MS, a);
  const b = start('b', store);
  await pass(LOOK_MS, a, b);
  expect([a.isLeading(), b.isLeading()]).toEqual([true, false]);
  return { store, a, b };
}

describe('a key that is free', () => {
  test('is taken at once, with a value that people can read', async () => {
    const store = new KeyStore();
    const a = start('a', store);
    await pass(0, a);
    expect(a.isLeading()).toBe(true);
    expect(store.value()).toEqual({ v: 1, holder: 'a', every_ms: RENEW_MS, at: a.clock.now() });
  });

  test('goes to exactly one of many who want it at the same moment', async () => {
    const store = new KeyStore();
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => start(name, store));
    await pass(2 * LEASE_MS, ...all);
    expect(all.filter((one) => one.isLeading())).toHaveLength(1);
    expect(all.flatMap(({ terms }) => terms)).toHaveLength(1);
  });

  test('is one that was deleted with KV tools', async () => {
    const { store, a, b } = await leaderAndFollower();
    store.write(SUBJECT, Buffer.alloc(0), { 'KV-Operation': 'DEL' });
    const took = await passUntil(() => a.terms.length + b.terms.length === 2, LEASE_MS, a, b);
    expect(took).toBeLessThanOrEqual(RENEW_MS + LOOK_MS);
    expect(a.terms[0]?.why).toMatch(/its key was changed|b leads/);
  });

  test('has its stream made where that is missing', async () => {
    const store = new KeyStore();
    store.isThere = false;
    const a = start('a', store);
    await pass(0, a);
    expect(a.isLeading()).toBe(true);
  });
});

describe('a leader', () => {
  test('renews five times in a lease, for as long as it leads', async () => {
    const { store, a, b } = await leaderAndFollower();
    const before = store.seq;
    await pass(10 * LEASE_MS, a, b);
    expect(store.seq - before).toBeGreaterThanOrEqual(40);
    expect(store.seq - before).toBeLessThanOrEqual(50);
    expect([a.terms.length, b.terms.length, a.terms[0]?.isHeld()]).toEqual([1, 0, true]);
  });

  test('that falls silent is replaced after a lease, not before, and within one look more', async () => {
    const { a, b } = await leaderAndFollower();
    await pass(RENEW_MS, a, b);
    // Only b's time goes on: a was killed, at worst right after a renewal.
    const tookMs = await passUntil(() => b.isLeading(), 2 * LEASE_MS, b);
    expect(tookMs).toBeGreaterThanOrEqual(LEASE_MS - RENEW_MS);
    expect(tookMs).toBeLessThanOrEqual(LEASE_MS + LOOK_MS + STEP_MS);
    await pass(LEASE_MS, b);
    a.clock.stop(tookMs + LEASE_MS);
    await pass(STEP_MS, a);
    expect(a.isLeading()).toBe(false);
  });

  test('that leaves is replaced within one look', async () => {
    const { a, b } = await leaderAndFollower();
    a.abort();
    expect(await passUntil(() => b.isLeading(), LEASE_MS, a, b)).toBeLessThanOrEqual(LOOK_MS + STEP_MS);
    await a.done;
    expect(a.terms).toMatchObject([{ why: 'told to leave' }]);
  });

  test('keeps the others waiting while it winds up, and gives the key up then', async () => {
    const { store, a, b } = await leaderAndFollower({ windUpMs: 2 * LEASE_MS });
    a.abort();
    await pass(2 * LEASE_MS - STEP_MS, a, b);
    expect([a.isLeading(), b.isLeading(), a.terms[0]?.isHeld()]).toEqual([true, false, true]);
    expect(await passUntil(() => b.isLeading(), LEASE_MS, a, b)).toBeLessThanOrEqual(LOOK_MS + 2 * STEP_MS);
    expect(a.isLeading()).toBe(false);
    await a.done;
    expect(store.value()['holder']).toBe('b');
  });

  test('that never ends its winding up keeps them waiting for a bounded time', async () => {
    const { a, b } = await leaderAndFollower({ windUpMs: 20 * LEASE_MS });
    a.abort();
    const tookMs = await passUntil(() => b.isLeading(), 20 * LEASE_MS, a, b);
    expect(tookMs).toBeGreaterThan(5 * LEASE_MS);
    expect(tookMs).toBeLessThan(7 * LEASE_MS);
    expect(a.terms[0]?.isHeld()).toBe(false);
    await pass(20 * LEASE_MS, a);
  });

  test('that was stopped knows that its term is over before any timer of it runs', async () => {
    const { store, a, b } = await leaderAndFollower();
    a.clock.stop(LEASE_MS);
    const [term] = a.terms;
    expect(term?.signal.aborted).toBe(false);
    const before = store.seq;
    expect(term?.isHeld()).toBe(false);
    expect(term?.signal.aborted).toBe(true);
    expect(store.seq).toBe(before);
    expect(term?.signal.reason).toMatchObject({ code: 'lead-lost' });
    await pass(LEASE_MS, b);
  });

  test('that was stopped steps down at its first tick, before it writes anything', async () => {
    const { store, a } = await leaderAndFollower();
    const revision = store.seq;
    a.clock.stop(RENEW_MS + LATE_MS);
    let seenSeq = -1;
    a.terms[0]?.signal.addEventListener('abort', () => {
      seenSeq = store.seq;
    });
    await pass(STEP_MS, a);
    expect(a.terms[0]?.why).toMatch(/orchestrator: not renewed for \d+ ms/);
    expect(seenSeq).toBe(revision);
  });

  test('that was stopped for a moment goes on', async () => {
    const { a, b } = await leaderAndFollower();
    a.clock.stop(LATE_MS - STEP_MS);
    await pass(2 * LEASE_MS, a, b);
    expect([a.terms.length, a.isLeading()]).toEqual([1, true]);
  });

  test('whose machine slept steps down, though its monotonic clock stood still', async () => {
    const { a } = await leaderAndFollower();
    a.clock.suspend(10_000);
    expect(a.terms[0]?.isHeld()).toBe(false);
    expect(a.terms[0]?.why).toMatch(/the machine slept for 10000 ms/);
  });

  test('steps down when another has taken the key, and follows', async () => {
    const { store, a } = await leaderAndFollower();
    store.write(SUBJECT, Buffer.from('{"v":1,"holder":"c","every_ms":300}'), {});
    await pass(RENEW_MS + LEASE_MS / 15 + STEP_MS, a);
    expect(a.terms).toMatchObject([{ why: expect.stringContaining('c leads') }]);
    expect(store.value()['holder']).toBe('c');
    await pass(2 * LEASE_MS, a);
    expect(store.value()['holder']).toBe('a');
  });

  test('campaigns again only when what it led has ended', async () => {
    const store = new KeyStore();
    const a = start('a', store, { windUpMs: 3 * LEASE_MS });
    await pass(STEP_MS, a);
    a.clock.suspend(10_000);
    await pass(3 * LEASE_MS - LEASE_MS / 15 - STEP_MS, a);
    expect([a.terms.length, a.isLeading()]).toEqual([1, true]);
    await pass(LEASE_MS / 2, a);
    expect([a.terms.length, a.isLeading()]).toEqual([2, true]);
    a.abort();
    await pass(4 * LEASE_MS, a);
  });
});

describe('an answer that is lost', () => {
  test.each(['answer-lost', 'append-lost'] as const)('(%s) of a renewal ends no term', async (mishap) => {
    const { a, b } = await leaderAndFollower();
    for (let round = 0; round < 5; round += 1) {
      a.core.next(mishap);
      await pass(LEASE_MS, a, b);
    }
    expect([a.terms.length, b.terms.length, a.isLeading()]).toEqual([1, 0, true]);
  });

  test.each(['answer-lost', 'append-lost'] as const)(
    '(%s) of the first write does not keep anybody from leading',
    async (mishap) => {
      const store = new KeyStore();
      const a = start('a', store);
      a.core.next(mishap);
      await pass(LOOK_MS, a);
      expect(a.isLeading()).toBe(true);
    },
  );

  test('of every renewal ends the term in time', async () => {
    const { a, b } = await leaderAndFollower();
    a.core.next(...Array.from({ length: 30 }, () => 'append-lost' as const));
    const tookMs = await passUntil(() => !a.isLeading(), LEASE_MS, a, b);
    expect(tookMs).toBeLessThanOrEqual(RENEW_MS + LATE_MS + LEASE_MS / 15 + STEP_MS);
  });
});

describe('a connection that is away', () => {
  test('ends the term after a third of a lease, and a new one begins when it is back', async () => {
    const store = new KeyStore();
    const a = start('a', store);
    await pass(STEP_MS, a);
    a.core.set('disconnected');
    const tookMs = await passUntil(() => !a.isLeading(), LEASE_MS, a);
    expect(tookMs).toBeGreaterThanOrEqual(LATE_MS);
    expect(tookMs).toBeLessThanOrEqual(LATE_MS + LEASE_MS / 15 + STEP_MS);
    await pass(5 * LEASE_MS, a);
    expect(a.terms).toHaveLength(1);
    a.core.set('connected');
    expect(await passUntil(() => a.isLeading(), LEASE_MS, a)).toBeLessThanOrEqual(LOOK_MS);
  });

  test('for a shorter time changes nothing', async () => {
    const { a, b } = await leaderAndFollower();
    a.core.set('disconnected');
    await pass(LATE_MS - 2 * STEP_MS, a, b);
    a.core.set('connected');
    await pass(2 * LEASE_MS, a, b);
    expect([a.terms.length, b.terms.length]).toEqual([1, 0]);
  });

  test('and is needed besides ends the term too, and the lead goes to one who has both', async () => {
    const store = new KeyStore();
    const swarm = candidateNeeds();
    const a = start('a', store, { needs: [swarm] });
    await pass(STEP_MS, a);
    const b = start('b', store);
    await pass(LOOK_MS, a, b);
    swarm.set(false);
    const tookMs = await passUntil(() => b.isLeading(), LEASE_MS, a, b);
    expect(tookMs).toBeGreaterThanOrEqual(LATE_MS);
    expect(tookMs).toBeLessThanOrEqual(LATE_MS + LEASE_MS / 15 + LOOK_MS + STEP_MS);
    b.abort();
    await pass(2 * LEASE_MS, a, b);
    expect(a.terms).toMatchObject([{ why: expect.stringContaining('no connection for') }]);
    swarm.set(true);
    await pass(LOOK_MS, a);
    expect(a.isLeading()).toBe(true);
  });

  test('for good is the end of a campaign', async () => {
    const store = new KeyStore();
    const a = candidate('a', store);
    const ended = expect(a.done).rejects.toMatchObject({ code: 'bus-closed' });
    await pass(STEP_MS, a);
    a.core.set('closed');
    await pass(LEASE_MS, a);
    await ended;
    expect(a.isLeading()).toBe(false);
  });
});

describe('what a leader throws', () => {
  test('is logged and ends its term; others come first, then it campaigns again', async () => {
    const { a, b } = await leaderAndFollower();
    a.giveUp(new Error('no such board'));
    await passUntil(() => b.isLeading(), LOOK_MS + STEP_MS, a, b);
    expect(a.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ err: new Error('no such board') }),
      }),
    );
    b.abort();
    await passUntil(() => a.isLeading(), LEASE_MS, a, b);
    expect(a.terms).toHaveLength(2);
  });

  test('does not make it spin when it is alone, and neither does ending without a reason', async () => {
    const store = new KeyStore();
    const a = start('a', store);
    await pass(STEP_MS, a);
    for (const error of [new Error('broken'), undefined]) {
      const terms = a.terms.length;
      a.giveUp(error);
      await pass(LEASE_MS / 2 - STEP_MS, a);
      expect(a.isLeading()).toBe(false);
      await pass(2 * STEP_MS, a);
      expect([a.terms.length, a.isLeading()]).toEqual([terms + 1, true]);
    }
  });

  test('ends the campaign when it is fatal, with the key given up', async () => {
    const store = new KeyStore();
    const fatal = new Error('an unknown event');
    const a = candidate('a', store, { isFatal: (error) => error === fatal });
    const ended = expect(a.done).rejects.toBe(fatal);
    await pass(STEP_MS, a);
    a.giveUp(fatal);
    await pass(STEP_MS, a);
    await ended;
    expect(store.value()).toMatchObject({ holder: 'a', released: true });
  });
});

describe('a follower', () => {
  test('takes a key that says nothing readable, after a lease without a change', async () => {
    const store = new KeyStore();
    store.write(SUBJECT, Buffer.from('garbage'), {});
    const a = start('a', store);
    const tookMs = await passUntil(() => a.isLeading(), 2 * LEASE_MS, a);
    expect(tookMs).toBeGreaterThanOrEqual(LEASE_MS);
    expect(tookMs).toBeLessThanOrEqual(LEASE_MS + LOOK_MS);
  });

  test('waits as long as a holder with a longer lease may be silent', async () => {
    const store = new KeyStore();
    store.write(SUBJECT, Buffer.from('{"v":1,"holder":"slow","every_ms":1000}'), {});
    const a = start('a', store);
    expect(await passUntil(() => a.isLeading(), 6_000, a)).toBeGreaterThanOrEqual(5_000);
  });

  test('counts from the last change that it saw, whatever its own pauses', async () => {
    const { a, b } = await leaderAndFollower();
    for (let round = 0; round < 3; round += 1) {
      await pass(2 * LEASE_MS, a);
      b.clock.stop(2 * LEASE_MS);
      await pass(LEASE_MS / 2, a, b);
    }
    expect([a.terms.length, b.terms.length]).toEqual([1, 0]);
  });

  test('tries a little later than another by chance', async () => {
    const takes = async (id: string) => {
      const store = new KeyStore();
      store.write(SUBJECT, Buffer.from('garbage'), {});
      const a = start('a', store, { randomId: () => id });
      return await passUntil(() => a.isLeading(), 2 * LEASE_MS, a);
    };
    const differenceMs = (await takes('zzzz')) - (await takes('0000'));
    expect(differenceMs).toBeGreaterThan(0);
    expect(differenceMs).toBeLessThanOrEqual(LEASE_MS / 10);
  });

  test('leaves at once', async () => {
    const { a, b } = await leaderAndFollower();
    b.abort();
    await b.done;
    expect([a.isLeading(), b.terms.length]).toEqual([true, 0]);
  });
});

/** A further connection that a leader needs. */
function candidateNeeds() {
  const listeners = new Set<(status: 'connected' | 'disconnected') => void>();
  let isUp = true;
  return {
    isConnected: () => isUp,
    onStatus(listener: (status: 'connected' | 'disconnected') => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(to: boolean) {
      isUp = to;
      for (const listener of listeners) listener(to ? 'connected' : 'disconnected');
    },
  };
}
