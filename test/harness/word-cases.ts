/**
 * Words between a harness and people: a question that it ends with, and an operator's word while it works.
 */
import { expect, test } from 'vitest';
import type { Usage } from '../../schemas/index.ts';
import { assertNever } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { type ReportedUsage, textsOf } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import { type Harness, type Installed, sumOf } from './harness.ts';
import { AGENT, expectWhole, FINAL, stage } from './stage.ts';

export function wordCases(installed: Installed): void {
  const { tools } = installed.harness;

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

  test('an operator steers it while a tool of it runs, twice, in the same conversation', async () => {
    const wait = (note: string) => tools.shell(`waggle task progress "${note}" && fmail watch --timeout 60s`);
    const script = [
      wait('it begins'),
      tools.write('early.txt', 'early\n'),
      wait('it goes on'),
      tools.write('door.txt', 'by the door\n'),
      FINAL,
    ];
    const { runs, model } = await stage(installed, script);
    const id = await runs.add();
    const words = ['Write to door.txt, not to the window.', 'Close the door behind you.'] as const;
    for (const [index, text] of words.entries()) {
      await until('a tool runs', async () => (await runs.notes(id)).length > index, 60_000);
      const answer = await runs.control(AGENT, { v: 1, kind: 'steer', id: randomId(), text });
      expect(answer).toMatchObject({ status: 'done', applied: 'now' });
    }
    const task = await runs.ended(id);
    const [run, more] = await runs.runs(id);
    const output = runs.output(run!);
    expect(more).toBeUndefined();
    expect(task, output.slice(-4_000)).toMatchObject({ state: 'closed', attempts: 0 });
    expectWhole(model, output);
    const changed = gitIn(runs.repository, 'diff', '--name-only', 'HEAD', 'waggle/main');
    expect(changed.split('\n')).toEqual(['door.txt', 'early.txt']);
    // What it is asked next holds the operator's words, and all that was said before.
    const [, second = '', , fourth = ''] = model.asked
      .filter(({ isAside }) => !isAside)
      .map((asked) => textsOf(asked).join('\n'));
    const said = [runs.prompt(run!).trim(), 'You were interrupted while you worked on your task.', words[0]];
    expect(said.filter((text) => !second.includes(text))).toEqual([]);
    expect([...said, 'early.txt', words[1]].filter((text) => !fourth.includes(text))).toEqual([]);
    expectTold(run!.usage, model.reported, installed.harness);
  });
}

/** Of the five turns of a run that is interrupted in the first and in the third. */
function expectTold(
  { input_tokens: input, output_tokens: output = 0 }: Usage = {},
  turns: readonly ReportedUsage[],
  { steeredUsage }: Harness,
): void {
  const whole = sumOf(turns);
  const steps = sumOf(turns.filter((_, index) => index !== 0 && index !== 2));
  switch (steeredUsage) {
    case 'whole':
      expect({ input, output }).toEqual(whole);
      break;
    case 'input':
      expect(input).toBe(whole.input);
      expect(output).toBeGreaterThan(sumOf(turns.slice(3)).output);
      expect(output).toBeLessThan(whole.output);
      break;
    case 'steps':
      expect({ input, output }).toEqual(steps);
      break;
    default:
      assertNever(steeredUsage);
  }
}
