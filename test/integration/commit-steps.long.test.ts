import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandOf } from '../../schemas/index.ts';
import type { Step } from '../../services/committer/commit-steps.ts';
import { until } from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { gitIn } from '../support/repository.ts';

const bench = useLaneBench();
const steps = ['fenced', 'looked', 'taken-in', 'made', 'landed'] as const satisfies readonly Step[];
const kinds = ['path', 'url'] as const;

/** Lanes `<lane>-<name>` in the test's home. */
async function openLanes(kind: (typeof kinds)[number], names: readonly string[]): Promise<string[]> {
  const home = bench.makeHome(kind);
  const lanes = names.map((name) => `${bench.lane}-${name}`);
  bench.committers = Object.fromEntries(lanes.map((lane) => [lane, 'committer']));
  await bench.configure(home, Object.fromEntries(lanes.map((lane) => [lane, home])));
  await bench.commit();
  await until('the lanes are open', async () => {
    const status = await bench.client.query<'status'>({ v: 1, kind: 'status' });
    return lanes.every((lane) => status.lanes[lane]?.tip !== undefined);
  });
  await bench.drainCommitters();
  return lanes;
}

const branchOf = (lane: string) => `waggle/${lane}`;
const trailersOf = (branch: string, key: string) =>
  gitIn(bench.home, 'log', `--format=%(trailers:key=${key},valueonly,separator=)`, `main..${branch}`);

describe.each(kinds)('a committer killed -9 at each of its steps, on a %s lane,', (kind) => {
  test.each(['started again', 'taken over'])('%s: one commit each, and the right report', async (way) => {
    const lanes = await openLanes(kind, steps);
    const victims = steps.map((step, n) => bench.process(lanes[n] ?? '', { lanes: [lanes[n] ?? ''] }, step));
    for (const lane of lanes) await bench.submit(await bench.add(lane, { lane }), { 'a.txt': `${lane}\n` });
    await Promise.all(victims.map((victim) => victim.paused()));
    await Promise.all(victims.map((victim) => victim.kill()));
    expect(lanes.map((lane) => bench.subjects(branchOf(lane)).length)).toEqual([0, 0, 0, 0, 1]);
    const dead = await Promise.all(lanes.map((lane) => bench.task(lane)));
    expect(dead.map(({ state }) => state)).toEqual(steps.map(() => 'committing'));
    if (way === 'taken over') {
      await Promise.all(lanes.map((lane) => bench.takeOver(lane)));
      await bench.commit('committer-2');
    } else {
      for (const lane of lanes) await bench.hooked({ agent: lane, lanes: [lane] });
    }
    for (const [n, lane] of lanes.entries()) {
      const task = await bench.ended(lane);
      const commit = gitIn(bench.home, 'rev-parse', branchOf(lane));
      expect(task).toMatchObject({
        state: 'closed',
        closing: { how: 'committed', by: 'w1', commit },
        attempts: 0,
        losses: 0,
      });
      expect(bench.subjects(branchOf(lane))).toEqual([`chore: Task ${lane}`]);
      expect(trailersOf(branchOf(lane), 'Waggle-Fence')).toBe(
        String(steps[n] === 'landed' ? dead[n]?.grant?.fence : task.last_end?.fence),
      );
      const by = way === 'taken over' ? 'committer-2' : lane;
      expect(await bench.landings(lane)).toMatchObject([{ found: steps[n] === 'landed', by, new: commit }]);
      const left = join(bench.place.path, 'agents', lane, 'commits');
      if (way === 'started again' && existsSync(left)) expect(readdirSync(left)).toEqual([]);
    }
  });
});

type Wish = 'cancel' | 'close' | 'retry' | 'edit';
const command = (kind: Wish, task: string): CommandOf<Wish> => {
  const head = { v: 1, id: `${kind}-${task}`, task } as const;
  if (kind === 'close') return { ...head, kind, no_change: true };
  if (kind === 'edit') return { ...head, kind, patch: { title: 'another title' } };
  return { ...head, kind };
};
const wishes: readonly [Wish, object][] = [
  ['cancel', { state: 'cancelled' }],
  ['close', { state: 'closed', closing: { how: 'operator' } }],
  ['retry', { state: 'open', attempts: 0, losses: 0 }],
  ['edit', { state: 'closed', closing: { how: 'committed' } }],
];

describe.each(kinds)('an operator who asks at each step of a committer, on a %s lane,', (kind) => {
  test.each(wishes)('to %s hears the truth of the branch', async (wish, inForce) => {
    await bench.configure(bench.makeHome(kind));
    const answers = new Map<string, unknown>();
    await bench.hooked({
      agent: 'committer',
      async onStep(step, { task }) {
        if (!task.endsWith(step)) return;
        answers.set(task, await bench.client.command(command(wish, task)));
      },
    });
    for (const step of steps) {
      const id = `${bench.lane}-${step}`;
      await bench.submit(await bench.add(id), { [`${step}.txt`]: 'new\n' });
      const task = await until(`${id} is decided`, async () => {
        const now = await bench.task(id);
        return !['claimed', 'submitted', 'committing'].includes(now.state) && now;
      });
      expect(answers.get(id)).toMatchObject({ tasks: [{ state: 'committing', deferred: true }] });
      const isCommitted = step === 'landed' || wish === 'edit';
      expect(task, step).toMatchObject(
        isCommitted ? { state: 'closed', closing: { how: 'committed' } } : inForce,
      );
      expect(bench.subjects().includes(`chore: Task ${id}`), step).toBe(isCommitted);
      if (task.state === 'open') await bench.client.command(command('cancel', id));
    }
    const { lanes } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
    expect(lanes[bench.lane]?.tip).toBe(gitIn(bench.home, 'rev-parse', bench.branch));
    expect(lanes[bench.lane]?.moved_to).toBeUndefined();
  });
});

describe.each(kinds)('a committer stopped past its grant, on a %s lane,', (kind) => {
  test('moves nothing when it wakes up, and what it reports then is refused by its fence', async () => {
    const lanes = await openLanes(kind, ['made', 'landed']);
    const [building = '', reporting = ''] = lanes;
    const sleepers = [
      bench.process(building, { lanes: [building], deaf: true }, 'made'),
      bench.process(reporting, { lanes: [reporting], deaf: true }, 'landed'),
    ];
    for (const lane of lanes) await bench.submit(await bench.add(lane, { lane }), { 'a.txt': `${lane}\n` });
    await Promise.all(sleepers.map((sleeper) => sleeper.paused()));
    for (const { child } of sleepers) child.kill('SIGSTOP');
    const fences = await Promise.all(lanes.map(async (lane) => (await bench.task(lane)).grant?.fence));
    await Promise.all(lanes.map((lane) => bench.takeOver(lane)));
    await bench.commit('committer-2');
    for (const lane of lanes) expect(await bench.ended(lane)).toMatchObject({ state: 'closed' });
    const tips = lanes.map((lane) => gitIn(bench.home, 'rev-parse', branchOf(lane)));
    for (const { child, go } of sleepers) {
      writeFileSync(go, '');
      child.kill('SIGCONT');
    }
    const said = (n: number, message: string) =>
      until(`sleeper ${n} says: ${message}`, () => sleepers[n]?.lines().find(({ msg }) => msg === message));
    expect(await said(0, 'the move was refused')).toMatchObject({ task: building, fence: fences[0] });
    const refusal = await said(1, 'the report was refused');
    expect(refusal).toMatchObject({ code: 'fenced' });
    expect(refusal['reason']).toContain(`fence ${fences[1]} of ${reporting} is not live`);
    expect(lanes.map((lane) => gitIn(bench.home, 'rev-parse', branchOf(lane)))).toEqual(tips);
    for (const lane of lanes) expect(bench.subjects(branchOf(lane))).toEqual([`chore: Task ${lane}`]);
    expect(await bench.landings(building)).toMatchObject([{ found: false, by: 'committer-2' }]);
    expect(await bench.landings(reporting)).toMatchObject([{ found: true, by: 'committer-2' }]);
  });
});
