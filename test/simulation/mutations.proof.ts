/**
 * The simulation's own proof: each deliberate fault in the rules is noticed within 2,000 seeds.
 */
import { expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { simulate } from './replay.ts';

const MOST_SEEDS = 2_000;
const HOURS_MS = 4 * 3_600_000;

/** The first seed under which a rule is broken that should be; undefined when it survives. */
async function caughtBy({ alterations, breaks }: (typeof mutations)[number]): Promise<string | undefined> {
  for (let n = 1; n <= MOST_SEEDS; n += 1) {
    const { violations } = await simulate(`m${n}`, {}, { alterations: alterations() });
    if (violations.some(({ rule }) => breaks.includes(rule))) return `m${n}`;
  }
  return undefined;
}

test.each(mutations)(
  'it is noticed when $says',
  async (mutation) => {
    expect(await caughtBy(mutation), 'survived').toBeDefined();
  },
  HOURS_MS,
);
