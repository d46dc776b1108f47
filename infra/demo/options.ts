/**
 * The demo's command line. Numbers are checked here; whether there are enough files is known only later.
 */
import { Command, InvalidArgumentError } from 'commander';

export interface DemoOptions {
  /** All tasks, the closing one included; absent: the default, or fewer when there are fewer files. */
  readonly tasks?: number;
  readonly workers: number;
  /** A repository of the user's, instead of the package. */
  readonly repo?: string;
  /** Nothing is killed. */
  readonly calm: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

export const DEFAULT_TASKS = 41;
/** The last task depends on all others, and a task has at most 1,000 dependencies. */
const MOST_TASKS = 1_001;
const MOST_WORKERS = 64;

/** Where the parser writes its help and its complaints. */
export interface Writers {
  out(text: string): void;
  err(text: string): void;
}

/** Reads `argv` (without node and script). Throws the parser's errors, after it has said them. */
export function readOptions(argv: readonly string[], writers: Writers): DemoOptions {
  const command = new Command('npm run demo --')
    .description(
      'Runs a real swarm on real files: workers format the source files of an installed package, one task and one\n' +
        'commit each, and the result is checked from the repository itself. Meanwhile one worker is killed in the middle\n' +
        'of a task, and once the leading orchestrator.',
    )
    .option('--tasks <n>', `how many tasks (default: ${DEFAULT_TASKS})`, whole(2, MOST_TASKS))
    .option('--workers <n>', 'how many workers', whole(1, MOST_WORKERS), 4)
    .option('--repo <path>', 'work on the tracked files of this repository, in a branch of its own')
    .option('--calm', 'kill nothing: by default one worker and the leading orchestrator are killed', false)
    .option('--keep', 'keep the temporary folder and say where it is', false)
    .option('--json', 'end with one line of JSON on standard output; progress goes to standard error', false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => writers.out(text), writeErr: (text) => writers.err(text) });
  const options = command.parse([...argv], { from: 'user' }).opts<DemoOptions>();
  if (!options.calm && options.workers < 2) {
    command.error('error: one of the workers is killed, so it takes two: --workers 2, or --calm');
  }
  return options;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
  };
}
