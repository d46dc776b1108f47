import { expect, it } from 'vitest';
import { problemsInFile } from '../../../../services/cli/board-problems.ts';
import { problemsText } from '../../../../shared/config/file-problem.ts';
import { readEntries } from '../../../../shared/config/task-entries.ts';

const file = `defaults:
  lane: gone
tasks:
  - id: One
    title: a
  - title: b
    deps: [x1,
      zzz]
    id: two
    lane: main
`;
const { tasks } = readEntries(file, 't.yaml', 'yaml');

it("the board's problems stand where the file has what they are about", () => {
  const problems = [
    { code: 'unknown-lane', task: 'two', key: 'lane', message: 'task two: lane main is not configured' },
    { code: 'unknown-dep', task: 'two', key: 'deps', message: 'task two: dep zzz is not a task' },
    { code: 'duplicate-id', task: 'one', key: 'id', message: 'task one is on the board already' },
  ];
  expect(problemsText(problemsInFile(problems, tasks, 't.yaml')).split('\n')).toEqual([
    't.yaml:4: tasks[0].id: task one is on the board already',
    't.yaml:8: tasks[1].deps[1]: task two: dep zzz is not a task',
    't.yaml:10: tasks[1].lane: task two: lane main is not configured',
  ]);
});

it('what an entry does not say itself is said of the entry, and what no entry has of the file', () => {
  const problems = [
    { code: 'unknown-lane', task: 'one', key: 'lane', message: 'no lane' },
    { code: 'invalid', message: 'not valid' },
  ];
  expect(problemsText(problemsInFile(problems, tasks, 't.yaml')).split('\n')).toEqual([
    't.yaml: not valid',
    't.yaml:4: tasks[0]: no lane',
  ]);
});
