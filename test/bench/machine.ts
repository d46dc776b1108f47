/**
 * On what a benchmark ran: figures without it mean nothing.
 */
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { formatNatsVersion } from '../../infra/nats/version.ts';
import { testBinary } from '../support/nats-server.ts';

export interface Machine {
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  /** Average of the last minute before the run: above the number of cores, figures are too low. */
  readonly load: number;
  readonly node: string;
  readonly natsServer: string;
}

export async function thisMachine(): Promise<Machine> {
  return {
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    node: process.versions.node,
    natsServer: formatNatsVersion((await testBinary()).version),
  };
}
