/**
 * Words between a harness and people: a question that it ends with, and an operator's word while it works.
 */
import { expect, test } from 'vitest';
import { assertNever } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { textsOf } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import { type Installed, sumOf } from './harness.ts';
import { AGENT, expectWhole, FINAL, stage } from './stage.ts';

export function wordCases(installed: Installed): void {
  const { tools, steeredUsage } = installed.harness;

  test('a question at its end blocks the task, and the answer stands in the next prompt', async () => {
    const question = 'Both files hold that function. Which of the two files should I change, a.txt or b.txt?';
    const script = [
      { kind: 'text', text: question },
      tools.write('answered.txt', 'changed\n'),
      FINAL,
    ] as const;
    const { runs, model } = await stage(installed, script);
    const { client, operator } = runs;
    const id = await runs.add();
    const blocked = await runs.ended(id);
    expect(blocked).toMatchObject({ state: 'blocked', attempts: 0, last_outcome: 'needs_input' });
    await until('people are asked', async () => {
      const { records } = await operator.log({ target: { kind: 'agent', name: 'orchestrator' }, limit: 50 });
      return records.some(
        ({ kind, body }) => kind === undefined && `${body}`.includes('Which of the two files'),
      );
    });
    const text = 'Change a.txt; b.txt is generated.';
    const answered = await client.command({ v: 1, kind: 'answer', id: randomId(), task: id, text });
    expect(answered.status).toBe('ok');
    expect(await runs.ended(id)).toMatchObject({ state: 'closed', attempts: 0 });
    expectWhole(model);
    const [, second] = await runs.runs(id);
    expect(runs.prompt(second!)).toContain(text);
    expect(textsOf(model.asked.at(-1)!).some((heard) => heard.includes(text))).toBe(true);
  });

  test('an operator steers it while a tool of it runs, in the same conversation', async () => {
    const words = 'Write it to door.txt, not to the window.';
    const script = [
      tools.shell('waggle task progress "it begins" && fmail watch --timeout 60s'),
      tools.write('door.txt', 'by the door\n'),
      FINAL,
    ];
    const { runs, model } = await stage(installed, script);
    const id = await runs.add();
    await until('its first tool runs', async () => (await runs.notes(id)).length > 0, 60_000);
    const answer = await runs.control(AGENT, { v: 1, kind: 'steer', id: randomId(), text: words });
    expect(answer).toMatchObject({ status: 'done', applied: 'now' });
    const task = await runs.ended(id);
    const [run, more] = await runs.runs(id);
    expect(more).toBeUndefined();
    expect(task, runs.output(run!).slice(-4_000)).toMatchObject({
      state: 'closed',
      attempts: 0,
      closing: { how: 'committed' },
    });
    expectWhole(model, runs.output(run!));
    expect(gitIn(runs.repository, 'show', 'waggle/main:door.txt')).toBe('by the door');
    const asked = model.asked.filter(({ isAside }) => !isAside);
    const next = textsOf(asked[1]!).join('\n');
    expect(next).toContain(words);
    expect(next).toContain(runs.prompt(run!).trim());
    expect(next).toContain('it begins');
    const all = sumOf(model.reported);
    const last = sumOf(model.reported.slice(1));
    const { input_tokens: input, output_tokens: output = 0 } = run!.usage ?? {};
    switch (steeredUsage) {
      case 'whole':
        return expect({ input, output }).toEqual(all);
      case 'last':
        return expect({ input, output }).toEqual(last);
      case 'input':
        expect(input).toBe(all.input);
        expect(output).toBeGreaterThan(last.output);
        return expect(output).toBeLessThan(all.output);
      default:
        return assertNever(steeredUsage);
    }
  });
}
