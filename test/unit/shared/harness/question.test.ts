import { describe, expect, test } from 'vitest';
import { questionIn } from '../../../../shared/harness/question.ts';

describe('strong questions', () => {
  test.each([
    'How do you want to proceed?',
    'The tests fail without a key.\n\nHow would you like me to continue?',
    'Which of the two parsers should I keep?',
    'Two ways are open:\n\n1. rewrite it\n2. patch it\n\nWhich should I do?',
    'Which approach do you prefer?\n\n- rewrite it\n- patch it',
    'Please confirm that the old table may be dropped.',
    'Please confirm, then I go on.',
    'Do you want me to overwrite the file or keep both?',
    'Should I proceed with the migration?',
    'I am waiting for your decision.',
    'I need your approval before I can push.',
    'Blocked by repo state: pre-existing modified files. Let me know how you want to proceed.',
    'What would you like me to do?',
    'Could you clarify which branch is meant?',
    'Is it okay to delete the fixtures?',
    '**How do you want to proceed?**',
  ])('%s', (text) => {
    expect(questionIn(text)).toMatchObject({ isStrong: true });
  });
});

describe('questions that count only where nothing was done', () => {
  test.each([
    'Would you like me to add tests as well?',
    'Is the cache meant to be shared?',
    'I found two bugs.\n\nWhere does the config live?',
    '設定はどこにありますか？',
  ])('%s', (text) => {
    expect(questionIn(text)).toMatchObject({ isStrong: false });
  });
});

describe('no questions', () => {
  test.each([
    '',
    'All is done.',
    'Done. Let me know if you want anything else!',
    'The parser is fixed. Anything else?',
    'Is there anything else I can help with?',
    'Feel free to ask if something is unclear?',
    'Let me know if you have any questions.',
    'If you want, I can add more tests.',
    'Why did it fail? Because the clock was wrong.\n\nIt is fixed now.',
    'What changed?\n\n- the parser\n- its tests',
    'Run `what?` in the shell:\n\n```sh\necho "how do you want to proceed?"\n```',
    'committer: no commit candidate',
    "The prompt asks `How do you want to proceed?` of nobody; it doesn't any more.\n\nAll tests pass.",
  ])('%s', (text) => {
    expect(questionIn(text)).toBeUndefined();
  });
});

test('a question is told with what leads to it and with its choices', () => {
  const text = 'Long story.\n\nThe tree is not mine.\n\nWhich one should I take?\n\n1. this\n2. that';
  expect(questionIn(text)?.text).toBe(
    'The tree is not mine.\n\nWhich one should I take?\n\n1. this\n2. that',
  );
});

test('a flood of words is judged by its end, in no time', () => {
  const begun = process.cpuUsage();
  expect(questionIn(`${'a? '.repeat(500_000)}\n\nHow do you want to proceed?`)?.isStrong).toBe(true);
  questionIn('which '.repeat(20_000));
  questionIn('let me know '.repeat(20_000));
  questionIn('which should I '.repeat(20_000));
  questionIn('do you want or '.repeat(20_000));
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});
