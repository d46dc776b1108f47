/**
 * The command line of `npm run chaos`. Pure.
 */
import { parseArgs } from 'node:util';

export interface Options {
  readonly minutes: number;
  readonly seed: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
  /** Set by the program itself, once it runs in a mount namespace of its own. */
  readonly mounts: boolean;
}

export const USAGE = `usage: npm run chaos -- [--minutes M] [--seed S] [--json]

A swarm of real processes (8 workers, 2 orchestrators, 2 committers, 2 takeover services, a nats-server) in trouble:
processes killed and stopped, the bus killed, connections cut, delayed and half open, full disks, people who meddle.
What happened is then held against the rules of the simulation, and against the branches.

  --minutes M   how long faults last (default: 1)
  --seed S      decides faults, tasks and what people do (default: drawn); printed, so that a schedule can be repeated
  --json        print the summary as JSON
  --help        print this

Progress goes to standard error. Exit code 1: a rule was broken; the swarm's folder is kept and named.
`;

/** The options, or what is wrong with the arguments. */
export function readOptions(args: readonly string[]): Options | { readonly fault: string } {
  let values: { minutes: string; seed?: string; json: boolean; help: boolean; mounts: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        mounts: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { fault: (error as Error).message };
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60))
    return { fault: `--minutes: expected a number above 0, got ${values.minutes}` };
  if (values.seed !== undefined && !/^[\w-]{1,40}$/.test(values.seed))
    return { fault: `--seed: expected letters, digits, _ and -, got ${values.seed}` };
  const { seed, json, help, mounts } = values;
  return { minutes, seed, json, help, mounts };
}
