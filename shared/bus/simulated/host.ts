/**
 * Where simulated code runs: a process that can be killed, stopped and continued. Whatever wakes its code (a sleep that
 * is over, a message) comes through `enter`.
 *
 * 1. Of a killed process no code ever runs again: what it waited for never comes.
 * 2. A stopped process runs nothing; what came meanwhile comes when it is continued, in the same order.
 */

export interface Host {
  readonly name: string;
  enter(run: () => void): void;
}

/** A process that always runs. */
export const steadyHost = (name: string): Host => ({ name, enter: (run) => run() });

export class SimulatedProcess implements Host {
  readonly name: string;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  #backlog: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  enter(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'stopped') this.#backlog.push(run);
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  /** What has gathered comes at once. */
  resume(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    for (const run of this.#backlog.splice(0)) this.enter(run);
  }

  kill(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }
}
