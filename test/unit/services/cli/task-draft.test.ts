import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type DraftFlags, draftOf, withDraftFlags } from '../../../../services/cli/task-draft.ts';

const parsed = (args: readonly string[]) =>
  draftOf(
    withDraftFlags(new Command('x').exitOverride())
      .parse([...args], { from: 'user' })
      .opts<DraftFlags>(),
  );

describe('a draft', () => {
  it('holds only what the flags name', () => {
    expect(parsed([])).toEqual({});
    expect(parsed(['--heavy'])).toEqual({ heavy: true });
  });

  it('has the keys of a task file', () => {
    const args = [
      '-b',
      'do it',
      '-p',
      '0',
      '-l',
      'a,b',
      '-l',
      'c',
      '-d',
      'x',
      '--parent',
      'e',
      '--path',
      'a,b.ts',
    ];
    const more = ['--gate', 'VG-A', '--not-before', '+10m', '--max-attempts', '3'];
    expect(parsed([...args, ...more])).toEqual({
      body: 'do it',
      priority: '0',
      labels: ['a', 'b', 'c'],
      deps: ['x'],
      parent: 'e',
      paths: ['a,b.ts'],
      gates: ['VG-A'],
      not_before: '+10m',
      max_attempts: 3,
    });
  });

  it('gathers what a worker must have, and keeps what is no number for the message about it', () => {
    expect(parsed(['--requires-os', 'linux', '--requires-label', 'gpu', '--max-attempts', 'many'])).toEqual({
      requires: { os: 'linux', labels: ['gpu'] },
      max_attempts: 'many',
    });
  });
});
