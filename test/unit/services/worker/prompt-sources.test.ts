import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextPrompt, protocolPrompt } from '../../../../services/worker/prompt-sources.ts';
import { fillPlaces, shippedPrompts } from '../../../../services/worker/shipped-prompts.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());
const places = { agent: 'w1', project: 'p', task: 't-1', worktree: '/tree' };
const write = (name: string, text: string) => writeFileSync(join(folder.path, `${name}.md`), text);

describe('how to work here', () => {
  test('is shipped for each mode, with its places filled', async () => {
    for (const mode of ['single-task', 'continuous'] as const) {
      const found = await protocolPrompt({ folder: folder.path, mode }, places);
      expect(found?.source).toBe(`shipped ${mode}`);
      expect(found?.text).toContain('`w1`');
      expect(found?.text).not.toMatch(/\{\w+\}/);
      for (const verb of ['task progress', 'task done', 'task block', 'fmail send task', 'fmail inbox'])
        expect(found?.text).toContain(verb);
    }
    expect(shippedPrompts.continuous).toContain('waggle task next');
    expect(shippedPrompts['single-task']).not.toContain('waggle task next');
  });

  test("is the project's own where it has one of that name", async () => {
    write('single-task', 'You are {agent}. Keep {this}.\n\n');
    write('careful', 'Be careful.');
    const own = (template?: string) =>
      protocolPrompt(
        { folder: folder.path, mode: 'single-task', ...(template === undefined ? {} : { template }) },
        places,
      );
    expect(await own()).toEqual({
      source: join(folder.path, 'single-task.md'),
      text: 'You are w1. Keep {this}.',
    });
    expect((await own('careful'))?.text).toBe('Be careful.');
    expect(await own('none')).toBe(undefined);
  });

  test('that is named and not there is an error that names what is', async () => {
    const asked = protocolPrompt({ folder: folder.path, mode: 'continuous', template: 'gone' }, places);
    await expect(asked).rejects.toThrow(
      /no prompt gone: expected .*gone\.md, or one of single-task, continuous/,
    );
  });

  test('is never read from another folder', async () => {
    const asked = protocolPrompt({ folder: folder.path, mode: 'continuous', template: '../x' }, places);
    await expect(asked).rejects.toThrow(/expected the name of a prompt/);
  });
});

test('the words of the project to all its agents are there only where it has some', async () => {
  expect(await contextPrompt(folder.path)).toBe(undefined);
  write('context', ' \n');
  expect(await contextPrompt(folder.path)).toBe(undefined);
  write('context', 'We use tabs.\n');
  expect(await contextPrompt(folder.path)).toEqual({
    source: join(folder.path, 'context.md'),
    text: 'We use tabs.',
  });
});

test('a place that nobody fills stays as it is', () => {
  expect(fillPlaces('{agent} {toString} {x}', { agent: 'a' })).toBe('a {toString} {x}');
});
