import { expect, test } from 'vitest';
import { fillArguments } from '../../../../shared/harness/argument-template.ts';

const places = {
  promptFile: '/state/prompt.md',
  promptText: 'do {task} $HOME\n$&',
  taskId: 't-1',
  run: 'r-1',
  worktree: '/trees/r-1',
  agent: 'bee',
};

test('known places are filled inside any element, other braces stay', () => {
  expect(
    fillArguments(['x', '--file={prompt_file}', '{task}-{run}', '{agent}@{worktree}'], 'file', places),
  ).toEqual(['x', '--file=/state/prompt.md', 't-1-r-1', 'bee@/trees/r-1']);
  expect(fillArguments(['{"a":{}}', '{other}', '{{task}}', '{ task }'], 'file', places)).toEqual([
    '{"a":{}}',
    '{other}',
    '{t-1}',
    '{ task }',
  ]);
});

test('the prompt stands where its place is, and nothing in it is filled or interpreted', () => {
  expect(fillArguments(['x', '-p={prompt}', 'end'], 'argument', places)).toEqual([
    'x',
    '-p=do {task} $HOME\n$&',
    'end',
  ]);
});

test('a prompt without a place is the last argument', () => {
  expect(fillArguments(['x', '-q'], 'argument', places)).toEqual(['x', '-q', places.promptText]);
});

test('outside argument mode the prompt is no place', () => {
  expect(fillArguments(['x', '{prompt}'], 'stdin', places)).toEqual(['x', '{prompt}']);
});

test('an argument that the system would not take is refused, with what to do', () => {
  const filled = (promptText: string) => () =>
    fillArguments(['claude'], 'argument', { ...places, promptText });
  expect(filled('é'.repeat(65_535))()).toHaveLength(2);
  expect(filled('é'.repeat(65_536))).toThrow(
    'cannot start claude: argument 1 has 128 KiB, and the system takes less than 128 KiB; prompt: file',
  );
  expect(filled('a\0b')).toThrow('holds a zero byte');
});
