/**
 * One process of a harness that takes one task after another.
 */
import { expect, test } from 'vitest';
import { type Asked, type Line, textsOf } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import type { Installed } from './harness.ts';
import { expectWhole, FINAL, stage } from './stage.ts';

/** The working tree that was named last in a conversation. */
export function treeIn(asked: Asked): string {
  const named = textsOf(asked).flatMap((text) => text.match(/\/[^\s"'`\\]+\/work\/[\w-]+/g) ?? []);
  const tree = named.at(-1);
  if (tree === undefined) throw new Error('no working tree was named');
  return tree;
}

export function continuousCases(installed: Installed): void {
  const { tools } = installed.harness;

  test('does two tasks in one process, each with a grant, a commit and a record of its own', async () => {
    const writeIn =
      (name: string): Line =>
      (asked) =>
        tools.write(`${treeIn(asked)}/${name}`, `${name}\n`);
    const script: Line[] = [
      writeIn('one.txt'),
      tools.shell('waggle task done "the first" && waggle task next'),
      writeIn('two.txt'),
      tools.shell('waggle task done "the second"'),
      FINAL,
    ];
    const { runs, model } = await stage(installed, script, { mode: 'continuous' });
    const ids = [await runs.add(), await runs.add()] as const;
    const tasks = [await runs.ended(ids[0]), await runs.ended(ids[1])];
    const records = await Promise.all(ids.map((id) => runs.runs(id)));
    const [first, second] = records.flat();
    expectWhole(model, runs.output(first!));
    expect(records.map(({ length }) => length)).toEqual([1, 1]);
    expect(tasks.map(({ state }) => state)).toEqual(['closed', 'closed']);
    expect(second!.run).not.toBe(first!.run);
    expect(second!.fence).toBeGreaterThan(first!.fence);
    for (const [index, name] of ['one.txt', 'two.txt'].entries()) {
      const commit = tasks[index]!.closing!.commit!;
      expect(records[index]![0]).toMatchObject({ outcome: 'completed', mode: 'continuous', commit });
      expect(gitIn(runs.repository, 'show', '--format=', '--name-only', commit)).toBe(name);
    }
    // One conversation: what was said of the first task stands in the last request.
    expect(textsOf(model.asked.at(-1)!).join('\n')).toContain(runs.prompt(first!).trim());
  });
}
