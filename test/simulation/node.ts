/**
 * One simulated machine with one service on it: started, killed, stopped and continued by the world. What is on its disk
 * survives a kill; everything else is gone.
 */

import type { Bus } from '../../shared/bus/port.ts';
import { connectSimulated, type SimulatedConnection } from '../../shared/bus/simulated/connect.ts';
import { SimulatedProcess } from '../../shared/bus/simulated/host.ts';
import { HostClock } from '../../shared/bus/simulated/host-clock.ts';
import type { CutWay } from '../../shared/bus/simulated/link.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { AccountName, SimulatedServer } from '../../shared/bus/simulated/server.ts';
import type { Clock } from '../../shared/clock.ts';
import { Disk } from './disk.ts';

/** What a service of a simulated machine gets to run with. */
export interface Env {
  readonly name: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: SeededRandom;
  connect(account: AccountName, mayManage: boolean): Bus;
  /** Aborts when the machine's operator says so. */
  readonly drain: AbortSignal;
}

export type Service = (env: Env) => Promise<void>;

export interface NodeOptions {
  readonly server: SimulatedServer;
  readonly random: SeededRandom;
  readonly name: string;
  readonly service: Service;
  readonly rate: number;
  readonly offsetMs: number;
  /** Default: a new one. */
  readonly disk?: Disk;
  /** Told of what a service threw at its end. */
  readonly onEnd: (name: string, error: unknown) => void;
}

/** A service that ended is started again after this. */
const RESTART_MS = 2_000;
/** A server gives up a connection that is silent for so long. */
const SILENT_MS = 10_000;

interface Running {
  readonly process: SimulatedProcess;
  readonly connections: SimulatedConnection[];
  readonly drain: AbortController;
}

export class Node {
  readonly name: string;
  readonly disk: Disk;
  readonly clock: HostClock;
  readonly #options: NodeOptions;
  #running: Running | undefined;
  /** Until healed, for connections that begin meanwhile, too. */
  readonly #cuts: { readonly account: AccountName; readonly way: CutWay }[] = [];
  #isRetired = false;

  constructor(options: NodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.disk = options.disk ?? new Disk(options.random.fork(`${options.name} disk`));
    const { rate, offsetMs, server } = options;
    // Sleeps are bound to the process that runs: each gets a view of this clock.
    this.clock = new HostClock(
      server.timeline,
      { name: this.name, enter: (run) => run() },
      { rate, offsetMs },
    );
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  get isStopped(): boolean {
    return this.#running?.process.isStopped === true;
  }

  start(): void {
    if (this.#running !== undefined || this.#isRetired) return;
    const { server, random, service, onEnd } = this.#options;
    const process = new SimulatedProcess(this.name);
    const connections: SimulatedConnection[] = [];
    const drain = new AbortController();
    const running: Running = { process, connections, drain };
    this.#running = running;
    const env: Env = {
      name: this.name,
      disk: this.disk,
      clock: this.clock.of(process),
      random: random.fork(this.name),
      connect: (account, mayManage) => {
        const connection = connectSimulated({
          server,
          account,
          host: process,
          mayManage,
          silentMs: SILENT_MS,
        });
        connections.push(connection);
        for (const cut of this.#cuts) if (cut.account === account) connection.link.cut(cut.way);
        return connection.bus;
      },
      drain: drain.signal,
    };
    const ended = (error: unknown) => {
      if (this.#running !== running) return;
      onEnd(this.name, error);
      // A process that ends by itself says goodbye to the bus.
      for (const { bus } of connections) void bus.close();
      this.#running = undefined;
      process.kill();
      server.timeline.plan(RESTART_MS, `restart ${this.name}`, () => this.start());
    };
    service(env).then(() => ended(undefined), ended);
  }

  /** As SIGKILL. */
  kill(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.process.kill();
    for (const { link } of running?.connections ?? []) link.abandon();
  }

  /** Killed, and never started again. */
  retire(): void {
    this.#isRetired = true;
    this.kill();
  }

  drain(): void {
    this.#running?.drain.abort();
  }

  /** As SIGSTOP; `sleeps`: the machine itself sleeps, and its monotonic clock with it. False: nothing ran. */
  stop(ms: number, sleeps: boolean): boolean {
    const running = this.#running;
    if (running === undefined || running.process.isStopped) return false;
    const { timeline } = this.#options.server;
    running.process.stop();
    if (ms > SILENT_MS) {
      timeline.plan(SILENT_MS, `silent ${this.name}`, () => {
        if (running.process.isStopped) for (const { link } of running.connections) link.expire();
      });
    }
    timeline.plan(ms, `resume ${this.name}`, () => {
      // Who was killed and started anew meanwhile runs on a machine that is awake.
      if (sleeps && this.#running === running) this.clock.slept(ms);
      running.process.resume();
    });
    return true;
  }

  cut(account: AccountName, way: CutWay): void {
    this.#cuts.push({ account, way });
    for (const { bus, link } of this.#running?.connections ?? []) if (bus.account === account) link.cut(way);
  }

  heal(): void {
    this.#cuts.length = 0;
    for (const { link } of this.#running?.connections ?? []) link.heal();
  }
}
