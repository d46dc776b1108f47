/**
 * Random fields of a task, as data that shrinks well. Numbers pick among what exists when the step is taken.
 */
import fc from 'fast-check';

export const paths = ['src', 'src/a', 'src/a/b.ts', 'src/ab', './src//a/', 'docs', '.'] as const;

export const pick = fc.nat(999);
export const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
export const few = <T>(values: readonly T[]) => fc.subarray([...values], { maxLength: 2 });

export const fields = {
  priority: fc.constantFrom('P0', 'P1', 'P2', 'P3', 'P4'),
  labels: fc.constantFrom<string[]>([], [], [], ['ui'], ['db', 'ui'], ['constructor']),
  deps: fc.array(pick, { maxLength: 3 }),
  parent: some(pick),
  paths: few(paths),
  requires: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: fc.constantFrom({ labels: ['gpu'] }, { os: 'darwin' as const }, { profile: 'big' }),
    },
  ),
  gates: few(['VG-1', 'VG-2']),
  heavy: fc.constantFrom(false, false, false, true),
  not_before: some(fc.nat(60_000)),
  max_attempts: some(fc.integer({ min: 1, max: 3 })),
};
