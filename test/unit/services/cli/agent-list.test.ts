import { expect, test } from 'vitest';
import type { Beat } from '../../../../schemas/index.ts';
import { type AgentSources, beatingWorkers, listAgents } from '../../../../services/cli/agent-list.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';

const beat = (agent: string, over: Partial<Beat> = {}, age_ms = 100): AgentSources['beats'][number] => ({
  agent,
  age_ms,
  beat: {
    v: 1,
    kind: 'beat',
    role: 'worker',
    incarnation: '1-a',
    place: { host: 'here', boot: 'b', state: 's' },
    pid: 7,
    version: '0.1.0',
    state: 'waiting',
    every_ms: 1_000,
    uptime_ms: 1,
    grants: [],
    ...over,
  },
});
const sources = (over: Partial<AgentSources> = {}): AgentSources => ({
  beats: [],
  status: {
    leader: 'my-host-42-x1y2z3',
    grants: [],
    config: { ...emptyConfig, roles: { operator: 'operator' } },
  },
  supervised: [],
  host: 'here',
  ...over,
});
const entry = (name: string, given: AgentSources) => listAgents(given).find((agent) => agent.name === name);

test('the leader comes first, by what it calls itself; then the others by name', () => {
  const agents = listAgents(sources({ beats: [beat('w10'), beat('w2'), beat('committer')] }));
  expect(agents.map(({ name }) => name)).toEqual(['orchestrator', 'committer', 'w2', 'w10']);
  expect(agents[0]).toMatchObject({ state: 'leading', host: 'my-host', pid: 42 });
});

test('a task shows its phase and how old its output is by now', () => {
  const grants = [{ task: 't1', fence: 3, run: 'r1', phase: 'harness', output_age_ms: 500, output_bytes: 9 }];
  expect(entry('w1', sources({ beats: [beat('w1', { state: 'working', grants }, 400)] }))?.tasks).toEqual([
    { task: 't1', fence: 3, phase: 'harness', output_age_ms: 900, output_bytes: 9 },
  ]);
});

test('a grant that no beat has told of yet is known from the board', () => {
  const given = sources({ beats: [beat('w1')] });
  const grants = [
    { task: 't1', fence: 4, agent: 'w1', kind: 'work' as const, granted_at: 0, run: 'r', revision: 1 },
  ];
  expect(entry('w1', { ...given, status: { ...given.status, grants } })).toMatchObject({
    state: 'working',
    tasks: [{ task: 't1', fence: 4, phase: 'granted' }],
  });
});

test('a report that the board has taken since the beat is no task of its agent any more', () => {
  const told = [{ task: 't1', fence: 4, run: 'r', phase: 'reporting', output_bytes: 0 }];
  const given = sources({ beats: [beat('w1', { grants: told })] });
  expect(entry('w1', given)?.tasks).toEqual([]);
  const grants = [
    { task: 't1', fence: 4, agent: 'w1', kind: 'work' as const, granted_at: 0, run: 'r', revision: 1 },
  ];
  expect(entry('w1', { ...given, status: { ...given.status, grants } })?.tasks).toMatchObject([
    { task: 't1', phase: 'reporting' },
  ]);
});

test('an agent that missed three beats is silent; one that said goodbye is not listed', () => {
  const given = sources({ beats: [beat('w1', {}, 3_001), beat('w2', { state: 'gone' })] });
  expect(entry('w1', given)).toMatchObject({ state: 'silent', beat_old: true, beat_age_ms: 3_001 });
  expect(entry('w2', given)).toBeUndefined();
});

test('what a run uses, and has used so far, is told with its task', () => {
  const grants = [
    {
      task: 't',
      fence: 1,
      run: 'r',
      phase: 'run',
      output_bytes: 1,
      profile: 'big',
      usage: { output_tokens: 9 },
    },
  ];
  expect(entry('w1', sources({ beats: [beat('w1', { grants })] }))?.tasks).toEqual([
    { task: 't', fence: 1, phase: 'run', output_bytes: 1, profile: 'big', usage: { output_tokens: 9 } },
  ]);
});

test('of the workers those count that are heard of', () => {
  const beats = [
    beat('w10'),
    beat('w9'),
    beat('old', {}, 3_001),
    beat('w2', { state: 'gone' }),
    beat('committer', { role: 'committer' }),
  ];
  expect(beatingWorkers(beats)).toEqual(['w9', 'w10']);
});

test('who holds a grant is listed, a person and an agent that is not heard of', () => {
  const grant = { task: 't1', fence: 1, granted_at: 0, run: 'r', revision: 1 };
  const given = sources();
  const grants = [
    { ...grant, agent: 'operator', kind: 'manual' as const },
    { ...grant, agent: 'w9', kind: 'work' as const },
  ];
  const status = { ...given.status, grants };
  expect(entry('operator', { ...given, status })).toMatchObject({ role: 'operator', state: 'manual' });
  expect(entry('w9', { ...given, status })).toMatchObject({ role: 'worker', state: 'unheard' });
});

test('what runs here is told from what runs elsewhere, and shows even without a beat', () => {
  const supervised = [
    { name: 'w1', pid: 7 },
    { name: 'w2', pid: 8 },
    { name: 'nats', pid: 9 },
    { name: 'orchestrator', pid: 42 },
  ];
  const elsewhere = beat('w3', { place: { host: 'there', boot: 'b', state: 's' } });
  const given = sources({ supervised, beats: [beat('w1'), elsewhere] });
  expect(entry('orchestrator', given)?.supervised).toBe(true);
  expect(entry('w1', given)?.supervised).toBe(true);
  expect(entry('w2', given)).toMatchObject({ state: 'no beat', pid: 8, supervised: true });
  expect(entry('w3', given)?.supervised).toBe(false);
  expect(entry('nats', given)).toMatchObject({ role: 'bus', state: 'running' });
});

test('an orchestrator that does not lead stands by, whether it sends beats or only runs here', () => {
  const orchestrator = { role: 'orchestrator' as const };
  const own = beat('orchestrator', {
    ...orchestrator,
    pid: 42,
    place: { host: 'my.host', boot: 'b', state: 's' },
  });
  const other = beat('orchestrator-2', { ...orchestrator, pid: 43, state: 'standby' });
  const leading = listAgents(sources({ beats: [own, other] }));
  expect(leading.map(({ name, state, pid }) => [name, state, pid])).toEqual([
    ['orchestrator', 'leading', 42],
    ['orchestrator-2', 'standby', 43],
  ]);
  expect(leading[0]).toMatchObject({ beat_age_ms: 100, version: '0.1.0', host: 'my.host' });
  const here = listAgents(sources({ supervised: [{ name: 'orchestrator', pid: 77 }] }));
  expect(here.map(({ state, pid, supervised }) => [state, pid, supervised])).toEqual([
    ['leading', 42, false],
    ['standby', 77, true],
  ]);
});

test('the takeover service is told by its role, with a beat and without', () => {
  const heard = beat('stale-takeover', { role: 'stale-takeover', state: 'leading' });
  expect(entry('stale-takeover', sources({ beats: [heard] }))).toMatchObject({
    role: 'stale-takeover',
    state: 'leading',
  });
  const silent = sources({ supervised: [{ name: 'stale-takeover', pid: 5 }] });
  expect(entry('stale-takeover', silent)).toMatchObject({ role: 'stale-takeover', state: 'no beat' });
});
