import { describe, expect, test } from 'vitest';
import { projectKey } from '../../../../shared/config/project-key.ts';
import { starterConfig } from '../../../../shared/config/starter.ts';

describe('the project of a waggle.yaml is read without a parser', () => {
  test.each([
    ['project: demo', 'demo'],
    ['# a word\n\nproject:   demo-2   # ours\nlanes: {}\n', 'demo-2'],
    ['project: "demo"\r\n', 'demo'],
    ["lanes:\n  project: other\nproject: 'demo' # x\n", 'demo'],
    ['project: "7"', '7'],
    [starterConfig({ project: 'fresh', command: ['x'] }), 'fresh'],
  ])('%j', (text, name) => {
    expect(projectKey(text)).toBe(name);
  });
});

describe('what only a parser can tell is left to it', () => {
  test.each([
    '',
    'lanes: {}',
    '{project: demo}',
    '"project": demo',
    'project:\n  demo',
    'project: 7',
    'project: null',
    'project: true',
    'project: Demo',
    'project: demo#x',
    'project: &a demo',
    'project: "de\\x6do"',
    `project: 'demo"`,
    'project: one\nproject: two',
    'project: a_b',
  ])('%j', (text) => {
    expect(projectKey(text)).toBeUndefined();
  });
});
