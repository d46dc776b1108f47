import { expect, it } from 'vitest';
import { plainWorkers, profileFields } from '../../../../services/cli/config-fields.ts';
import { readConfig } from '../../../../shared/config/config-file.ts';

const compiled = (text: string) => {
  const read = readConfig(`project: demo\n${text}`, { file: 'waggle.yaml', folder: '/repo' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
};

it('rules with regular expressions go into JSON as their text', () => {
  const { workers } = compiled(
    'workers: { stop: { quantitative: { run: ./x, stdout_matches: "^a", stderr_matches: "b$" } } }\n',
  );
  expect(JSON.parse(JSON.stringify(plainWorkers(workers)))).toMatchObject({
    count: 1,
    stop: { quantitative: { run: './x', stdoutMatches: '^a', stderrMatches: 'b$' } },
  });
  expect(plainWorkers(compiled('').workers)).not.toHaveProperty('stop');
});

it('a profile that the board does not know has no weight and no budget', () => {
  const profile = compiled('profiles: { a: { command: [x] } }\n').profiles.get('a');
  if (profile === undefined) throw new Error('the test needs its profile');
  const keys = profileFields('a', profile)
    .filter(([, value]) => value !== undefined)
    .map(([path]) => path.at(-1));
  expect(keys).toContain('command');
  expect(keys).not.toContain('weight');
  expect(keys).not.toContain('tokens');
});
