import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Control, ControlAnswer } from '../../schemas/index.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { processTable } from '../../shared/process/process-table.ts';
import { add, eventsOf, until } from '../support/asking.ts';
import { keptLog } from '../support/kept-log.ts';
import { cancelAll } from '../support/left-tasks.ts';
import { project } from '../support/orchestrator.ts';
import { whileBusIsAway } from '../support/outages.ts';
import { lineIn } from '../support/running-workers.ts';
import { type SocketRuns, sh, startSocketRuns } from '../support/socket-runs.ts';
import type { RunningWorker } from '../support/swarm.ts';

let runs: SocketRuns;
let bus: Bus;
let reader: Reader;
let n = 0;
let agent = '';
let worker: RunningWorker;

beforeAll(async () => {
  runs = await startSocketRuns();
  bus = await runs.hive.connect('operator');
  reader = createReader(bus, project, 'operator');
});
afterAll(() => runs.stop());
beforeEach(() => {
  n += 1;
  agent = `ctl-${n}`;
});
afterEach(async () => {
  await cancelAll(runs.client);
  await runs.swarm.end();
});

type Told<C> = C extends unknown ? Omit<C, 'v'> : never;
const tell = (control: Told<Control>): Promise<ControlAnswer> =>
  call(
    bus,
    subjectsOf(project).request('control', agent),
    ['Control', { v: 1, ...control } as Control],
    'ControlAnswer',
    {
      timeoutMs: 10_000,
    },
  );
const file = (name: string) => join(runs.folder, `${name}-${n}`);
const stateOf = async (id: string) => (await runs.view(id)).state;
const beatState = async () => (await reader.beats()).beats.find((one) => one.agent === agent)?.beat.state;
const start = async (script: string, more = {}) => {
  worker = await runs.swarm.worker(agent, { ...sh(script), ...more });
  await until('the worker waits', async () => (await beatState()) === 'waiting');
};
const addTask = (id: string, more = {}) =>
  add(runs.client, { id, title: `Task ${id}`, expects: 'none', ...more });
/** Waits, having said that it has begun, until it may end. */
const pausing = () => `echo > "${file('begun')}"; while [ ! -e "${file('go')}" ]; do sleep 0.02; done`;
const begun = () => until('the harness has begun', async () => existsSync(file('begun')));
const promptOf = async (id: string): Promise<string> => {
  const { last_end } = await runs.view(id);
  return readFileSync(join(runs.swarm.folder, agent, 'runs', last_end?.run ?? '', 'prompt.md'), 'utf8');
};
const isClosed = (id: string) => async () => (await stateOf(id)) === 'closed';

describe('a paused worker', () => {
  test('claims nothing, though it waited for a claim, until it may again', async () => {
    await start('true');
    expect(await tell({ kind: 'pause' })).toEqual({ v: 1, status: 'done', applied: 'now' });
    await until('it says so', async () => (await beatState()) === 'paused');
    const id = `p-${n}`;
    await addTask(id);
    // Whoever else waits gets it at once: the paused one's claim is void.
    const other = await runs.swarm.worker(`${agent}-other`, sh('true'));
    await until('another has done it', isClosed(id));
    expect((await runs.view(id)).started_by).toBe(`${agent}-other`);
    await other.drain();
    expect(await tell({ kind: 'resume' })).toMatchObject({ status: 'done', applied: 'now' });
    expect(await tell({ kind: 'resume' })).toMatchObject({ status: 'ignored' });
    await addTask(`${id}-2`);
    await until('it works again', isClosed(`${id}-2`));
    await worker.drain();
  });

  test('finishes what it has in hand, and goes on by itself when its time is over', async () => {
    await start(pausing());
    const id = `p-${n}`;
    await addTask(id);
    await begun();
    expect(await tell({ kind: 'pause', for_ms: 400 })).toMatchObject({ status: 'done', applied: 'next_run' });
    await addTask(`${id}-2`);
    writeFileSync(file('go'), '');
    await until('both are done', isClosed(`${id}-2`));
    expect(await stateOf(id)).toBe('closed');
    await worker.drain();
  });

  test('tells what it has done once the bus is back, and not when it may go on', async () => {
    const log = keptLog();
    worker = await runs.swarm.worker(agent, sh(pausing()), 5_000, { log });
    const id = `p-${n}`;
    await addTask(id);
    await begun();
    await tell({ kind: 'pause' });
    await whileBusIsAway(runs.hive, async () => {
      writeFileSync(file('go'), '');
      const isTold = () =>
        log.lines.some(({ message }) => message === 'the last claim could not be withdrawn');
      await until('it could tell nobody', isTold);
    });
    await until('it is done', async () => isClosed(id)().catch(() => false), 30_000);
    await until('it is paused still', async () => (await beatState().catch(() => undefined)) === 'paused');
    await worker.drain();
  });
});

describe('words of an operator', () => {
  test('stand in the prompt of the next run, once, in their order', async () => {
    await start('true');
    const say = (text: string, id: string) => tell({ kind: 'msg', id: `${agent}-${id}`, text });
    expect(await say('be quick', 'a')).toEqual({ v: 1, status: 'done', applied: 'next_run' });
    await say('be careful', 'b');
    // A second copy, as after an answer that got lost.
    await say('be quick', 'a');
    const id = `m-${n}`;
    await addTask(id);
    await until('it is done', isClosed(id));
    const prompt = await promptOf(id);
    expect(prompt.match(/## Operator Message/g)).toHaveLength(2);
    expect(prompt.indexOf('be quick')).toBeLessThan(prompt.indexOf('be careful'));
    await addTask(`${id}-2`);
    await until('the next is done', isClosed(`${id}-2`));
    expect(await promptOf(`${id}-2`)).not.toContain('Operator Message');
    const recorded = (await eventsOf(runs.client)).flatMap((event) =>
      event.type === 'run_recorded' && event.task === id ? [event.note?.prompts ?? []] : [],
    );
    expect(recorded[0]?.filter(({ part }) => part === 'operator').map(({ source }) => source)).toEqual([
      `operator ${agent}-a`,
      `operator ${agent}-b`,
    ]);
    await worker.drain();
  });

  test('survive a worker that leaves before the next run', async () => {
    await start('true');
    await tell({ kind: 'msg', id: `${agent}-a`, text: 'remember this' });
    await worker.drain();
    await start('true');
    const id = `m-${n}`;
    await addTask(id);
    await until('it is done', isClosed(id));
    expect(await promptOf(id)).toContain('remember this');
    await worker.drain();
  });

  test('are kept for the next run when the harness of this one does not start', async () => {
    await start('true', { command: ['no-such-program'] });
    await tell({ kind: 'msg', id: `${agent}-a`, text: 'remember this' });
    const id = `m-${n}`;
    await addTask(id);
    await until('it has failed', async () => (await stateOf(id)) === 'failed');
    await worker.drain();
    await start('true');
    await addTask(`${id}-2`);
    await until('the next is done', isClosed(`${id}-2`));
    expect(await promptOf(`${id}-2`)).toContain('remember this');
    await worker.drain();
  });

  test('can take the place of the task’s own', async () => {
    await start('true');
    expect(await tell({ kind: 'next_prompt', id: `${agent}-a`, text: 'Only look around.' })).toMatchObject({
      applied: 'next_run',
    });
    const id = `m-${n}`;
    await addTask(id, { body: 'Do much.' });
    await until('it is done', isClosed(id));
    expect(await promptOf(id)).toMatch(/^Only look around\.\n/);
    expect(await promptOf(id)).not.toContain('Do much.');
    const ledger = readFileSync(join(runs.swarm.folder, agent, 'ledger.md'), 'utf8');
    expect(ledger).toContain('- prompt_source: override');
    expect(ledger).toContain('- prompt_override: true');
    await worker.drain();
  });

  test('that are to steer a plain command wait for its next run, and the answer says so', async () => {
    await start(pausing());
    const id = `m-${n}`;
    await addTask(id);
    await begun();
    expect(await tell({ kind: 'steer', id: `${agent}-a`, text: 'turn left' })).toEqual({
      v: 1,
      status: 'done',
      applied: 'next_run',
    });
    writeFileSync(file('go'), '');
    await until('it is done', isClosed(id));
    await addTask(`${id}-2`);
    await until('the next is done', isClosed(`${id}-2`));
    expect(await promptOf(`${id}-2`)).toContain('turn left');
    await worker.drain();
  });
});

describe('a worker that is told to go', () => {
  test('stop: finishes what it has, however long that takes, and takes nothing more', async () => {
    await start(pausing());
    const id = `g-${n}`;
    await addTask(id);
    await begun();
    await addTask(`${id}-2`);
    expect(await tell({ kind: 'stop', reason: 'enough' })).toMatchObject({
      status: 'done',
      applied: 'next_run',
    });
    writeFileSync(file('go'), '');
    await worker.done;
    expect([await stateOf(id), await stateOf(`${id}-2`)]).toEqual(['closed', 'open']);
    await runs.client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: `${id}-2` });
  });

  test('kill: its harness’s whole group ends at once, its task goes back and nothing is counted', async () => {
    const child = `sh -c 'trap "" TERM; echo $$ > "${file('child')}"; while :; do sleep 0.1; done' & trap '' TERM; echo half > "${file('half')}"; `;
    await start(child + pausing(), { graceMs: 60_000 });
    const id = `g-${n}`;
    await addTask(id);
    await begun();
    const pid = Number(await until('its child runs', () => lineIn(file('child'))));
    expect(await tell({ kind: 'kill', reason: 'it runs wild' })).toMatchObject({
      status: 'done',
      applied: 'now',
    });
    await worker.done;
    expect((await processTable.entry(pid))?.zombie ?? true).toBe(true);
    expect(await runs.view(id)).toMatchObject({ state: 'open', attempts: 0, losses: 0 });
    const events = (await eventsOf(runs.client)).filter((event) => 'task' in event && event.task === id);
    expect(events.flatMap((event) => (event.type === 'grant_ended' ? [event.end.why] : []))).toEqual([
      'released',
    ]);
    // Who asks later why it ended is told what the operator said.
    const evidence = events.flatMap((event) =>
      event.type === 'run_recorded' ? [event.note?.evidence?.[0]] : [],
    );
    expect(evidence).toEqual(['it runs wild']);
    await runs.client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
  });

  test('halt: only the run ends; its task goes back, and the worker takes the next', async () => {
    await start(`[ -e "${file('begun')}" ] || { ${pausing()}; }`);
    const id = `g-${n}`;
    await addTask(id);
    await begun();
    const fence = (await runs.view(id)).grant?.fence ?? 0;
    expect(await tell({ kind: 'halt', fence: fence + 1_000, reason: 'x' })).toMatchObject({
      status: 'ignored',
    });
    expect(await tell({ kind: 'halt', fence, reason: 'its budget is used up' })).toEqual({
      v: 1,
      status: 'done',
    });
    await until('it is done by its second run', isClosed(id));
    expect(await runs.view(id)).toMatchObject({ attempts: 0, losses: 0 });
    const { runs: records } = await runs.client.query<'runs'>({ v: 1, kind: 'runs', task: id });
    expect(records.map(({ why }) => why)).toEqual(['done', 'released']);
    await worker.drain();
  });
});

test('a committer takes no words, and says so', async () => {
  const committer = await runs.swarm.committer();
  agent = 'committer';
  await until('it is there', async () => (await beatState()) !== undefined);
  expect(await tell({ kind: 'msg', id: 'c-1', text: 'hello' })).toMatchObject({
    status: 'refused',
    message: expect.stringContaining('runs no harness'),
  });
  expect(await tell({ kind: 'pause' })).toMatchObject({ status: 'done' });
  expect(await tell({ kind: 'resume' })).toMatchObject({ status: 'done' });
  await committer.drain();
});
