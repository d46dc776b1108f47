/**
 * The simulation's own proof: each deliberate fault in the rules is noticed within 2,000 seeds.
 */
import { expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { type Mutation, mutations } from './mutations.ts';
import { simulate } from './replay.ts';

const MOST_SEEDS = 2_000;
const HOURS_MS = 12 * 3_600_000;

/** The first seed under which a rule is broken that should be; undefined when it survives. */
async function caughtBy({
  alterations,
  breaks,
}: Mutation): Promise<{ seed: number; what: string } | undefined> {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const { violations } = await simulate(`m${seed}`, {}, { alterations: alterations() });
    const found = violations.find(({ rule }) => breaks.includes(rule));
    if (found !== undefined) return { seed, what: `(${found.rule}) ${found.what}` };
  }
  return undefined;
}

test.each(mutations)(
  'it is noticed when $says',
  async (mutation) => {
    const beganAt = systemClock.monotonic();
    const caught = await caughtBy(mutation);
    expect(caught, `survived ${MOST_SEEDS} seeds`).toBeDefined();
    // The real rules hold under the same seed: what was noticed is the fault, and no other one.
    expect((await simulate(`m${caught?.seed}`, {})).violations).toEqual([]);
    const seconds = Math.round((systemClock.monotonic() - beganAt) / 1_000);
    process.stdout.write(
      `${mutation.says}: seed m${caught?.seed}, the ${caught?.seed}. of ${MOST_SEEDS}, after ${seconds} s: ${caught?.what}\n`,
    );
  },
  HOURS_MS,
);
