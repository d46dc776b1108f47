import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from '../../schemas/index.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { add, eventsOf, plain, stateOf } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
beforeAll(async () => {
  // The journal is counted: no stall of the machine may end a term.
  hive = await startHive({ more: { electionLeaseMs: 6_000 } });
  await hive.configure({
    roles: { operator: 'operator', committer: 'committer' },
    gates: { 'VG-A': { name: 'VG-A', run: 'true', timeout_ms: 1_000 } },
  });
});
afterAll(() => hive.stop());

test('a command sent twice with one id takes effect once and is answered alike, also after a restart', async () => {
  const client = await hive.client('operator');
  const command: Command = { v: 1, kind: 'add', id: 'twice', tasks: [plain('twice')] };
  const [first, second] = await Promise.all([client.command(command), client.command(command)]);
  await hive.restartOrchestrator();
  const third = await client.command(command);
  expect(first).toMatchObject({ status: 'ok', tasks: [{ id: 'twice', state: 'open', revision: 1 }] });
  for (const { term: _, journal_seq: __, ...answer } of [second, third]) expect(first).toMatchObject(answer);
  const events = await eventsOf(client);
  expect(events.filter((event) => event.type === 'answered' && event.command === 'twice')).toHaveLength(1);
});

test('a command that changed nothing changes nothing later: its second copy may come after somebody else’s', async () => {
  const client = await hive.client('operator');
  await add(client, plain('idle'));
  const cancel = (id: string): Command => ({ v: 1, kind: 'cancel', id, task: 'idle' });
  await client.command(cancel('cancel-1'));
  const events = (await eventsOf(client)).length;
  const second = await client.command(cancel('cancel-2'));
  expect(second).toMatchObject({ status: 'ok' });
  expect(await eventsOf(client)).toHaveLength(events);
  expect(await client.command({ v: 1, kind: 'reopen', id: 'reopen-1', task: 'idle' })).toMatchObject({
    status: 'ok',
  });
  expect(await client.command(cancel('cancel-2'))).toMatchObject({ status: 'ok' });
  expect(await stateOf(client, 'idle')).toBe('open');
});

test('an id that was used for something else is refused', async () => {
  const client = await hive.client('operator');
  await client.command({ v: 1, kind: 'add', id: 'used', tasks: [plain('used')] });
  const other = await (await hive.client('ada')).command({
    v: 1,
    kind: 'add',
    id: 'used',
    tasks: [plain('other')],
  });
  expect(other).toMatchObject({ status: 'refused', code: 'id-reused' });
});

test.each<[string, string, Partial<Extract<Command, { kind: 'add' }>>, RegExp]>([
  ['a task twice in one add', 'duplicate-id', { tasks: [plain('d'), plain('d')] }, /stands twice/],
  [
    'an unknown dep',
    'unknown-dep',
    { tasks: [plain('d', { deps: ['nobody'] })] },
    /dep nobody is not a task/,
  ],
  ['an unknown parent', 'unknown-parent', { tasks: [plain('d', { parent: 'nobody' })] }, /parent nobody/],
  [
    'a cycle',
    'cycle',
    { tasks: [plain('a', { deps: ['b'] }), plain('b', { parent: 'c' }), plain('c', { deps: ['a'] })] },
    /form a cycle: a -> b -> c -> a/,
  ],
  [
    'an unknown lane',
    'unknown-lane',
    { tasks: [plain('d', { lane: 'north' })] },
    /lane north is not configured/,
  ],
  ['an unknown gate', 'unknown-gate', { tasks: [plain('d', { gates: ['VG-B'] })] }, /known: VG-A/],
  ['a change without a lane', 'no-lane', { tasks: [plain('d', { expects: 'change' })] }, /names no lane/],
])('%s is refused as %s, and none of the tasks is added', async (_, code, more, message) => {
  const client = await hive.client('operator');
  const before = await client.query<'counts'>({ v: 1, kind: 'counts' });
  const answer = await client.command({ v: 1, kind: 'add', id: `refused-${code}`, tasks: [], ...more });
  expect(answer).toMatchObject({ status: 'refused', code });
  expect(answer.message).toMatch(message);
  const after = await client.query<'counts'>({ v: 1, kind: 'counts' });
  expect(after.total).toBe(before.total);
});

test.each([
  ['an oversize body', { body: 'x'.repeat(65_537) }, /body: expected at most 65536 characters/],
  ['a bad name', { id: 'Bad Name' }, /tasks.0.id: expected text that matches/],
  ['a key that no task has', { colour: 'red' }, /tasks.0.colour: expected no such key, got one/],
])('%s is refused at the door, with the place named', async (_, more, message) => {
  const swarm = await hive.connect('operator');
  const task = { ...plain('door'), ...more };
  const command = { v: 1, kind: 'add', id: 'door', tasks: [task] } as Extract<Command, { kind: 'add' }>;
  const subject = subjectsOf(project).request('command', 'operator');
  const answer = await call(swarm, subject, ['Command', command], 'CommandAnswer', { timeoutMs: 5_000 });
  expect(answer).toMatchObject({ status: 'refused', code: 'invalid' });
  expect(answer.message).toMatch(message);
});

test('a duplicate of a task on the board is refused, and a dry run adds nothing', async () => {
  const client = await hive.client('operator');
  await add(client, plain('here'));
  const again = await client.command({ v: 1, kind: 'add', id: 'again', tasks: [plain('here')] });
  expect(again).toMatchObject({ code: 'duplicate-id', message: 'task here is on the board already' });
  const dry = await client.command({ v: 1, kind: 'add', id: 'dry', tasks: [plain('dry')], dry_run: true });
  expect(dry).toMatchObject({ status: 'ok', tasks: [{ id: 'dry' }] });
  await expect(stateOf(client, 'dry')).rejects.toMatchObject({ details: { reason: 'unknown-task' } });
});

test('a command on an old revision is refused, and an unfit role may not configure', async () => {
  const client = await hive.client('operator');
  await add(client, plain('rev'));
  const edit = (id: string, title: string): Command => ({
    v: 1,
    kind: 'edit',
    id,
    task: 'rev',
    revision: 1,
    patch: { title },
  });
  expect(await client.command(edit('e1', 'new'))).toMatchObject({ status: 'ok' });
  expect(await client.command(edit('e2', 'newer'))).toMatchObject({ code: 'stale-revision' });
  const { config } = await client.query<'status'>({ v: 1, kind: 'status' });
  const worker = await hive.client('w1');
  const roles = { ...config.roles, w1: 'operator' as const };
  const answer = await worker.command({ v: 1, kind: 'configure', id: 'c', config: { ...config, roles } });
  expect(answer).toMatchObject({ status: 'refused', code: 'wrong-role' });
});

test('a command sent while nobody leads is answered by the next leader', async () => {
  const client = await hive.client('operator');
  await hive.stopOrchestrator();
  const answer = client.command({ v: 1, kind: 'add', id: 'late', tasks: [plain('late')] });
  await hive.startOrchestrator();
  expect(await answer).toMatchObject({ status: 'ok' });
});
