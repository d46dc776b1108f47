/**
 * What a harness does with a task when all goes well: edits, commits, mail, notes, long prompts, rights, usage.
 */
import { expect, test } from 'vitest';
import { randomId } from '../../shared/random.ts';
import { textsOf } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import { type Installed, sumOf } from './harness.ts';
import { AGENT, expectWhole, FINAL, PROFILE, perform, stage } from './stage.ts';

export function taskCases(installed: Installed): void {
  const { tools, rightsMissing } = installed.harness;

  test('edits a file with its own tool, and the committer commits the change in its name', async () => {
    const { runs, task, run } = await perform(installed, [tools.write('new.txt', 'written by it\n'), FINAL]);
    expect(task).toMatchObject({ state: 'closed', attempts: 0, closing: { how: 'committed', by: AGENT } });
    expect(run).toMatchObject({
      agent: AGENT,
      profile: PROFILE,
      harness: installed.harness.name,
      outcome: 'completed',
      session: expect.any(String),
      commit: task.closing?.commit,
    });
    const { repository } = runs;
    expect(gitIn(repository, 'show', 'waggle/main:new.txt')).toBe('written by it');
    expect(gitIn(repository, 'diff', '--name-status', 'HEAD', 'waggle/main')).toBe('A\tnew.txt');
    const { fence } = (await allRuns(runs, task.id)).find(({ kind }) => kind === 'commit')!;
    expect(gitIn(repository, 'log', '-1', '--format=%(trailers:only)', 'waggle/main').split('\n')).toEqual([
      `Waggle-Task: ${task.id}`,
      `Waggle-Run: ${run.run}`,
      `Waggle-Fence: ${fence}`,
      `Waggle-Agent: ${AGENT}`,
    ]);
  });

  test('the board knows of the run what the model said of usage', async () => {
    const script = [tools.write('counted.txt', 'one\n'), tools.write('too.txt', 'two\n'), FINAL];
    const { runs, model, run, task } = await perform(installed, script);
    expect(model.reported).toHaveLength(3);
    const { input, output } = sumOf(model.reported);
    const used = { input_tokens: input, output_tokens: output };
    expect(run.usage).toMatchObject(used);
    expect(run.usage?.duration_ms).toBeGreaterThan(0);
    for (const [by, key] of [
      ['task', task.id],
      ['profile', PROFILE],
    ] as const) {
      const { rows } = await runs.client.query<'usage'>({ v: 1, kind: 'usage', by });
      expect(rows).toMatchObject([{ key, runs: 1, usage: used }]);
    }
  });

  test('mails, notes progress and reads mail from within its shell tool', async () => {
    const words =
      'fmail send task "the parser is mine" && waggle task progress "half of it" && fmail log task';
    const { runs, model, task } = await perform(installed, [tools.shell(words), FINAL], {
      spec: { expects: 'none' },
    });
    expect(task.state).toBe('closed');
    const { records } = await runs.operator.log({ limit: 50 });
    const own = records.filter(({ from }) => from === AGENT);
    expect(own.map(({ to, body }) => [to, body])).toEqual([['task', 'the parser is mine']]);
    expect(await runs.notes(task.id)).toEqual(['half of it']);
    // What `fmail log` printed came back to the model.
    const before = textsOf(model.asked.at(-2)!);
    const since = textsOf(model.asked.at(-1)!).filter((text) => !before.includes(text));
    expect(since.some((text) => text.includes('the parser is mine') && text.includes(AGENT))).toBe(true);
  });

  const { mcp } = tools;
  test.skipIf(mcp === undefined)(
    `starts the MCP server, and mails and notes progress through it${mcp === undefined ? ' (it speaks no MCP)' : ''}`,
    async () => {
      const script = [
        // Some begin without a server that is slow to start, and have its tools from a later turn on.
        tools.shell('waggle task current'),
        mcp!('task_progress', { text: 'by a tool' }),
        mcp!('mail_send', { to: 'task', body: 'a tool sent this' }),
        FINAL,
      ];
      const { runs, task } = await perform(installed, script, { spec: { expects: 'none' } });
      expect(await runs.notes(task.id)).toEqual(['by a tool']);
      const { records } = await runs.operator.log({ limit: 50 });
      expect(records.filter(({ from }) => from === AGENT).map(({ body }) => body)).toEqual([
        'a tool sent this',
      ]);
    },
  );

  test('gets a prompt of more than 200 KiB whole', async () => {
    const { runs, model } = await stage(installed, [FINAL]);
    // Three bytes each, as many characters as a body may have; mail does the rest.
    const body = `first${'蜂'.repeat(65_536 - 9)}last`;
    for (const n of [1, 2])
      await runs.operator.send({
        id: randomId(),
        to: { kind: 'agent', name: AGENT },
        body: `${n} ${'mail '.repeat(1_400)}ends`,
        priority: 'high',
      });
    const id = await runs.add({ body, expects: 'none' });
    const task = await runs.ended(id);
    const [run] = await runs.runs(id);
    expectWhole(model, runs.output(run!));
    const prompt = runs.prompt(run!);
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(200 * 1024);
    expect(task.state).toBe('closed');
    const heard = textsOf(model.asked.find(({ isAside }) => !isAside)!);
    expect(heard.some((text) => text.includes(prompt.trimEnd()))).toBe(true);
  });

  for (const rights of ['edit', 'full'] as const) {
    const why = rightsMissing?.(rights);
    test.skipIf(why !== undefined)(
      `with rights ${rights}, waits for nobody's leave${why === undefined ? '' : ` (${why})`}`,
      async () => {
        // The second is more than rights `edit` allow: it may be refused, but must not be asked about.
        const script = [
          tools.write('mine.txt', `with rights ${rights}\n`),
          tools.shell('ls -a /'),
          tools.write('more.txt', 'after that\n'),
          FINAL,
        ];
        const { runs, task } = await perform(installed, script, { fields: { rights } });
        expect(task.state).toBe('closed');
        const changed = gitIn(runs.repository, 'diff', '--name-only', 'HEAD', 'waggle/main');
        expect(changed.split('\n')).toEqual(['mine.txt', 'more.txt']);
      },
    );
  }
}

async function allRuns({ client }: Awaited<ReturnType<typeof stage>>['runs'], task: string) {
  return (await client.query<'runs'>({ v: 1, kind: 'runs', task })).runs;
}
