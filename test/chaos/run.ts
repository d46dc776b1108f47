/**
 * One run of chaos: a swarm of real processes behind proxies, the plan of a seed, the quiet after it, and the judgement.
 */
import { systemClock } from '../../shared/clock.ts';
import type { ProcessSwarm } from '../support/process-swarm.ts';
import { gitIn } from '../support/repository.ts';
import { allGone, nothingLeft, rolesServe } from './aftermath.ts';
import { readBranches } from './branches.ts';
import { dump } from './dump.ts';
import { type Breach, judge } from './judge.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { People } from './people.ts';
import { chaosPlan, type Members } from './plan.ts';
import { LEASE_MS, Stage } from './stage.ts';
import { seconds, settle, storm } from './storm.ts';
import { Recorder } from './tape.ts';
import { LANES } from './tasks.ts';
import { Trouble } from './trouble.ts';

export interface ChaosOptions {
  readonly seed: string;
  readonly durationMs: number;
  /** Whether disks may be mounted, or why not. */
  readonly disks: 'mounted' | { readonly why: string };
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function runChaos(options: ChaosOptions): Promise<Outcome> {
  const { seed, durationMs, say, signal } = options;
  const stage = new Stage(options.disks);
  const startedAt = systemClock.monotonic();
  const swarm = await stage.open();
  const members = membersOf(swarm);
  const plan = chaosPlan(seed, durationMs, LEASE_MS, members);
  const breaches: Breach[] = [];
  let isKept = true;
  let recorder: Recorder | undefined;
  try {
    say(`the swarm runs after ${seconds(systemClock.monotonic() - startedAt)} in ${swarm.folder}`);
    const bus = await swarm.connect('swarm', 'people');
    const recording = new Recorder({
      swarm: bus,
      core: await swarm.connect('core', 'recorder'),
      project: swarm.project,
      clock: systemClock,
    });
    recorder = recording;
    recording.start();
    const people = new People({ client: swarm.client, bus, project: swarm.project, workers: swarm.workers });
    const trouble = new Trouble({ swarm, proxies: stage.proxies, disks: stage.disks });
    const window = { from: systemClock.now(), to: 0 };
    await storm({ plan, durationMs, swarm, people, trouble, say, signal });
    window.to = systemClock.now();
    say('faults have stopped');
    const quietAt = systemClock.monotonic();
    await settle(swarm, people, say, signal);
    const settleMs = systemClock.monotonic() - quietAt;
    const beatOf = (agent: string) => recording.beatOf(agent);
    const add = (tasks: Parameters<ProcessSwarm['add']>[0]) => people.add(tasks, signal);
    breaches.push(...(await rolesServe({ swarm, leaseMs: LEASE_MS, add, beatOf })));
    const tape = await recording.stop();
    const base = gitIn(swarm.repository, 'rev-parse', 'main');
    const branches = readBranches(
      swarm.repository,
      base,
      LANES.map((lane) => `waggle/${lane}`),
    );
    const judgement = judge(tape, branches, swarm.project, people.added);
    breaches.push(...judgement.breaches, ...(await nothingLeft(swarm)), ...stage.gaveUp());
    if (breaches.length > 0) await dump(swarm.folder, tape, trouble.struck);
    await stage.stop();
    breaches.push(...(await allGone(swarm.folder)));
    isKept = breaches.length > 0;
    return outcomeOf({
      seed,
      durationMs,
      window,
      settleMs,
      plan,
      members,
      struck: trouble.struck,
      disks: stage.disks,
      people,
      judgement,
      breaches,
      ...(isKept ? { kept: swarm.folder } : {}),
    });
  } catch (error) {
    isKept = !signal.aborted;
    if (isKept) say(`kept: ${swarm.folder}`);
    throw error;
  } finally {
    await recorder?.close();
    await stage.stop();
    await stage.remove(isKept);
  }
}

function membersOf({ workers, orchestrators, committers, takers }: ProcessSwarm): Members {
  return { workers, orchestrators, committers, takers, cramped: workers[0] ?? '' };
}
