/**
 * What every harness must do with a task, driven as the real program by a real worker. A program that cannot be
 * installed is named as not run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomId } from '../../shared/random.ts';
import { type Turn, textsOf } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import { type Harness, sumOf } from './harness.ts';
import { install } from './install.ts';
import { type RealRun, type RealRuns, startRealRuns } from './real-runs.ts';

const FINAL: Turn = { kind: 'text', text: 'All is done.' };

/** Registers the suite for one harness; installs it first. */
export async function testHarness(harness: Harness): Promise<void> {
  const installed = await install(harness.package);
  if (installed.kind === 'absent') {
    process.stderr.write(`waggle: NOT RUN: ${harness.name}: ${installed.reason}\n`);
    test.skip(`${harness.name} was not run: ${installed.reason}`, () => undefined);
    return;
  }
  describe(`${harness.name} ${installed.version}`, () => suite(harness, installed.program));
}

function suite(harness: Harness, program: string): void {
  const { tools } = harness;
  let runs: RealRuns;
  beforeAll(async () => {
    runs = await startRealRuns(harness, program);
  });
  afterAll(() => runs.stop());

  test('edits a file with its own tool, and the committer commits the change in its name', async () => {
    const run = await runs.run([tools.write('new.txt', 'written by it\n'), FINAL]);
    expectWholeScript(run);
    const { agent, granted, commitGrants, task } = run;
    expect(task).toMatchObject({ state: 'closed', closing: { how: 'committed', by: agent } });
    const { repository } = runs;
    expect(gitIn(repository, 'show', 'waggle/main:new.txt')).toBe('written by it');
    expect(gitIn(repository, 'diff', '--name-status', 'HEAD', 'waggle/main')).toBe('A\tnew.txt');
    expect(gitIn(repository, 'log', '-1', '--format=%(trailers:only)', 'waggle/main').split('\n')).toEqual([
      `Waggle-Task: ${task.id}`,
      `Waggle-Run: ${granted.run}`,
      `Waggle-Fence: ${commitGrants.at(-1)?.fence}`,
      `Waggle-Agent: ${agent}`,
    ]);
  });

  test('says in its output what the model said of usage', async () => {
    const run = await runs.run([tools.write('counted.txt', 'one\n'), tools.write('too.txt', 'two\n'), FINAL]);
    expectWholeScript(run);
    expect(run.model.reported).toHaveLength(3);
    expect(harness.usage(run.events)).toEqual(sumOf(run.model.reported));
  });

  test('mails, notes progress and reads mail from within its shell tool', async () => {
    const words =
      'fmail send task "the parser is mine" && waggle task progress "half of it" && fmail log task';
    const run = await runs.run([tools.shell(words), FINAL], { expects: 'none' });
    expectWholeScript(run);
    const { agent, task, model } = run;
    expect(task.state).toBe('closed');
    const { records } = await runs.operator.log({ limit: 50 });
    const own = records.filter(({ from }) => from === agent);
    expect(own.map(({ to, body }) => [to, body])).toEqual([['task', 'the parser is mine']]);
    expect(await runs.notes(task.id)).toEqual(['half of it']);
    // What `fmail log` printed came back to the model.
    const before = textsOf(model.asked.at(-2)!);
    const since = textsOf(model.asked.at(-1)!).filter((text) => !before.includes(text));
    expect(since.some((text) => text.includes('the parser is mine') && text.includes(agent))).toBe(true);
  });

  const { mcp } = tools;
  test.skipIf(mcp === undefined)(
    `starts the MCP server, and mails and notes progress through it${mcp === undefined ? ' (it speaks no MCP)' : ''}`,
    async () => {
      const script = [
        mcp!('task_progress', { text: 'by a tool' }),
        mcp!('mail_send', { to: 'task', body: 'a tool sent this' }),
        FINAL,
      ];
      const run = await runs.run(script, { expects: 'none' });
      expectWholeScript(run);
      const { agent, task } = run;
      expect(await runs.notes(task.id)).toEqual(['by a tool']);
      const { records } = await runs.operator.log({ limit: 50 });
      expect(records.filter(({ from }) => from === agent).map(({ body }) => body)).toEqual([
        'a tool sent this',
      ]);
    },
  );

  test('gets a prompt of more than 200 KiB whole', async () => {
    // Three bytes each, as many characters as a body may have; mail does the rest.
    const body = `first${'蜂'.repeat(65_536 - 9)}last`;
    const to = { kind: 'agent', name: runs.nextAgent() } as const;
    for (const n of [1, 2])
      await runs.operator.send({
        id: randomId(),
        to,
        body: `${n} ${'mail '.repeat(1_400)}ends`,
        priority: 'high',
      });
    const run = await runs.run([FINAL], { body, expects: 'none' });
    expectWholeScript(run);
    const { prompt, model, task } = run;
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(200 * 1024);
    expect(task.state).toBe('closed');
    const heard = textsOf(model.asked.find(({ isAside }) => !isAside)!);
    expect(heard.some((text) => text.includes(prompt.trimEnd()))).toBe(true);
  });
}

/** Each turn was asked for once: nothing was asked again, nothing was left. And nobody else was asked anything. */
function expectWholeScript({ model, output }: RealRun): void {
  const said = { left: model.left(), beyond: model.beyond(), strangers: model.strangers };
  expect(said, output.slice(-4_000)).toEqual({ left: 0, beyond: 0, strangers: [] });
}
