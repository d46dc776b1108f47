import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { add, until } from '../support/asking.ts';
import { type SocketRuns, sh, startSocketRuns } from '../support/socket-runs.ts';

let runs: SocketRuns;
beforeAll(async () => {
  runs = await startSocketRuns();
});
// What a test that failed left running takes no task of another.
afterEach(() => runs.swarm.end());
afterAll(() => runs.stop());
const run: SocketRuns['run'] = (...args) => runs.run(...args);
const says: SocketRuns['says'] = (...requests) => runs.says(...requests);

describe('the task of a run', () => {
  test('is told as it was granted, with its gates and when the run will be ended', async () => {
    const { answers, task } = await run(
      says({ cmd: 'task.current' }),
      { body: 'in full', gates: ['VG-YES'], paths: ['src'], labels: ['l'] },
      { timeoutMs: 60_000 },
    );
    const [{ result }] = answers;
    expect(result).toMatchObject({
      task: task.id,
      title: task.title,
      body: 'in full',
      fence: task.last_end?.fence,
      run: task.last_end?.run,
      attempt: 1,
      expects: 'none',
      gates: ['VG-YES'],
      paths: ['src'],
      labels: ['l'],
    });
    expect(Date.parse(result.deadline)).toBeGreaterThan(Date.now());
  });

  test('moves on by words of progress, told while the run goes on', async () => {
    const file = join(runs.folder, 'go-on');
    const id = runs.nextId();
    const going = run(
      `${says({ cmd: 'task.progress', args: { text: ' half ' } }, { cmd: 'task.current' })}while [ ! -e "${file}" ]; do sleep 0.05; done`,
    );
    await until('the board knows of it', async () => (await runs.notes(id)).length === 1);
    expect((await runs.view(id)).state).toBe('claimed');
    writeFileSync(file, '');
    const { answers, task } = await going;
    expect(answers).toMatchObject([{ ok: true }, { result: { note: 'half' } }]);
    expect(await runs.notes(id)).toEqual(['half']);
    expect(task.state).toBe('closed');
  });

  test('that is said to be done is closed with the note', async () => {
    const { task } = await run(says({ cmd: 'task.done', args: { note: 'nothing was to be done' } }));
    expect(task).toMatchObject({ state: 'closed', closing: { note: 'nothing was to be done' } });
  });

  test('that is said to be done by a harness which then crashes has failed', async () => {
    const { task } = await run(`${says({ cmd: 'task.done' })}exit 3`);
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'crashed' });
  });

  test.each([0, 4])('that is blocked waits for a person, with its tree kept (exit code %i)', async (code) => {
    const { task, answers, agent } = await run(
      `echo half > a.txt; ${says({ cmd: 'task.block', args: { reason: 'need a key' } })}exit ${code}`,
      { expects: 'change', lane: 'main' },
    );
    expect(answers).toEqual([{ ok: true }]);
    expect(task).toMatchObject({
      state: 'blocked',
      last_outcome: 'blocked',
      blocked_reason: 'need a key',
      attempts: 0,
    });
    expect(task.checkpoint).toMatchObject({ fence: task.last_end?.fence });
    const tree = join(runs.swarm.folder, agent, 'work', task.last_end?.run ?? '');
    expect(existsSync(tree)).toBe(false);
  });

  test('that is said to be done after all is not blocked', async () => {
    const { task } = await run(says({ cmd: 'task.block', args: { reason: 'stuck' } }, { cmd: 'task.done' }));
    expect(task.state).toBe('closed');
  });

  test('may add others, as its agent', async () => {
    const { answers, agent } = await run(
      says(
        { cmd: 'task.add', args: { title: 'Later', expects: 'none', labels: ['found'], not_before: '+1h' } },
        { cmd: 'task.add', args: { title: 'Never', expects: 'none', parent: 'no-such' } },
        { cmd: 'task.add', args: { title: '' } },
        { cmd: 'task.add', args: {} },
      ),
    );
    const [added, ...refused] = answers;
    expect(await runs.view(added.result.id)).toMatchObject({
      title: 'Later',
      created_by: agent,
      labels: ['found'],
    });
    expect(refused).toMatchObject([
      { error: { code: 'invalid_request', cause: { code: 'refused:unknown-parent' } } },
      { error: { code: 'invalid_request', cause: { code: 'task-file-invalid', exit_code: 2 } } },
      { error: { code: 'invalid_request', message: 'args.title: expected text, got nothing' } },
    ]);
    await runs.client.command({
      v: 1,
      kind: 'cancel',
      id: `cancel-${added.result.id}`,
      task: added.result.id,
    });
  });

  test('is the only one: there is no next', async () => {
    const { answers, task } = await run(says({ cmd: 'task.next' }));
    expect(answers).toMatchObject([{ ok: false, error: { cause: { code: 'refused:one-task' } } }]);
    expect(answers[0].error.message).toContain(task.id);
  });

  test.each([
    ['no progress', 'task.progress', {}],
    ['an empty one', 'task.progress', { text: '  ' }],
    ['a long one', 'task.progress', { text: 'x'.repeat(64 * 1024 + 1) }],
    ['an empty reason', 'task.block', { reason: '' }],
    ['a long reason', 'task.block', { reason: 'x'.repeat(1_001) }],
    ['a note that is no text', 'task.done', { note: 1 }],
  ])('takes no strange words: %s', async (_, cmd, args) => {
    const { answers, task } = await run(says({ cmd, args }));
    expect(answers).toMatchObject([
      { ok: false, error: { code: 'invalid_request', cause: { code: 'usage' } } },
    ]);
    expect(task.state).toBe('closed');
  });

  test('that was taken away takes no more words', async () => {
    const seen = join(runs.folder, 'seen');
    const id = 'taken';
    // It goes on though it was told to end, and speaks until it is refused.
    const script = `exec 2> /dev/null; trap 'echo > "${seen}.term"' TERM; echo > "${seen}"; while [ ! -e "${seen}.2" ]; do sleep 0.02; done; ${says({ cmd: 'task.progress', args: { text: 'late' } }, { cmd: 'task.current' })}`;
    const worker = await runs.swarm.worker(id, { ...sh(script), graceMs: 20_000 });
    await add(runs.client, { id, title: 'Taken', expects: 'none' });
    await until('it is at work', () => existsSync(seen));
    const { grant } = await runs.view(id);
    await runs.client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
    await until('it is told to end', () => existsSync(`${seen}.term`));
    writeFileSync(`${seen}.2`, '');
    await worker.drain();
    const output = readFileSync(join(runs.swarm.folder, id, 'runs', grant?.run ?? '', 'output.log'), 'utf8');
    const [late, own] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(late).toMatchObject({ ok: false, error: { cause: { code: 'refused:fenced' } } });
    expect(own).toMatchObject({ ok: true, result: { task: id } });
    expect(await runs.notes(id)).toEqual([]);
  });
});
