/**
 * Stale-takeover services on a hive, in this process or in one of their own, and agents whose beats a test owns.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Beat } from '../../schemas/index.ts';
import { runStaleTakeover } from '../../services/stale-takeover/stale-takeover.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { claimBy, type Granted, grantOf, sendClaim } from './asking.ts';
import { type KeptLog, keptLog } from './kept-log.ts';
import { place, project, type TestHive } from './orchestrator.ts';
import { temporaryFolder } from './repository.ts';
import type { TakerProcessOptions } from './taker-process.ts';

const script = fileURLToPath(new URL('./taker-process.ts', import.meta.url));

export interface TestTaker {
  readonly log: KeptLog;
  /** Whether it judges now, or why not. */
  word(): string | undefined;
  leave(): Promise<void>;
}

export interface TestTakers {
  start(name?: string): Promise<TestTaker>;
  spawn(name?: string): ChildProcess;
  /** Claims a task as a new agent, which beats until it is told otherwise. */
  worker(name: string, beatMs: number): Promise<BeatingAgent>;
  stop(): Promise<void>;
}

export function takersOn(hive: TestHive): TestTakers {
  const folder = temporaryFolder();
  const running = new Set<TestTaker>();
  const children = new Set<ChildProcess>();
  const agents = new Set<BeatingAgent>();
  return {
    async start(name = 'taker') {
      const end = new AbortController();
      const log = keptLog();
      const done = runStaleTakeover(
        {
          core: await hive.services('core'),
          swarm: await hive.services('swarm'),
          project,
          agent: name,
          stateDir: join(folder.path, name),
          pid: process.pid,
          version: 'test',
          clock: systemClock,
          randomId,
          log,
        },
        end.signal,
      );
      done.catch(() => undefined);
      const taker: TestTaker = {
        log,
        word: () => {
          const last = log.lines.findLast(({ message }) => message.startsWith('judging'));
          return last === undefined ? undefined : String(last.fields['withheld'] ?? 'judging');
        },
        async leave() {
          running.delete(taker);
          end.abort();
          await done;
        },
      };
      running.add(taker);
      return taker;
    },
    spawn(name = 'taker') {
      const { core, swarm } = hive.server;
      const stateDir = join(folder.path, name);
      const options: TakerProcessOptions = { core, swarm, project, agent: name, stateDir };
      const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      children.add(child);
      return child;
    },
    async worker(name, beatMs) {
      const swarm = await hive.connect(name);
      const grant = grantOf(await sendClaim(swarm, name, claimBy(name, { wait_ms: 5_000 })));
      const agent = new BeatingAgent(swarm, name, grant, beatMs);
      agents.add(agent);
      return agent;
    },
    async stop() {
      for (const agent of agents) agent.fallSilent();
      for (const child of children) await kill(child);
      await Promise.all([...running].map((taker) => taker.leave()));
      folder.remove();
    },
  };
}

/** SIGKILL, also to one under SIGSTOP. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** An agent with a grant in hand. It prints before each beat while it `prints`. */
export class BeatingAgent {
  prints = true;
  readonly grant: Granted;
  readonly name: string;
  readonly #swarm: Bus;
  readonly #everyMs: number;
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(swarm: Bus, name: string, grant: Granted, everyMs: number) {
    this.#swarm = swarm;
    this.name = name;
    this.grant = grant;
    this.#everyMs = everyMs;
    this.#timer = setInterval(() => this.#beat(), everyMs);
    this.#beat();
  }

  /** Dead from now on, for all that anybody can see. */
  fallSilent(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.prints) this.#bytes += 10;
    const { task, fence, run } = this.grant;
    const beat: Beat = {
      v: 1,
      kind: 'beat',
      role: 'worker',
      incarnation: `1-${this.name}`,
      place,
      pid: 1,
      version: 'test',
      state: 'working',
      every_ms: this.#everyMs,
      uptime_ms: 1,
      grants: [{ task, fence, run, phase: 'running', output_bytes: this.#bytes }],
    };
    const { payload, headers } = encode('Beat', beat);
    this.#swarm.publish(subjectsOf(project).beat(this.name), payload, headers);
  }
}
