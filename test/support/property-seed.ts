/**
 * Loaded by vitest before each test file: property tests look at the same inputs in every run, so that a change is judged
 * by what it did and not by chance. `WAGGLE_PROPERTY_SEED=random npm test` looks at others, and a number at that seed's.
 */
import fc from 'fast-check';

const chosen = process.env.WAGGLE_PROPERTY_SEED || '1';
if (!/^(random|\d{1,9})$/.test(chosen)) {
  throw new Error(
    `WAGGLE_PROPERTY_SEED is "random" or a number of at most 9 digits, and was ${JSON.stringify(chosen)}`,
  );
}
if (chosen !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(chosen) });
