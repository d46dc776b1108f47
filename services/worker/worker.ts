/**
 * The worker: claims tasks and runs one harness at a time. Holds the lock of its state directory, ends what a
 * predecessor left running, takes up the trees it left, delivers what it left unsent, then claims.
 */
import { join } from 'node:path';
import type { Capabilities, Mode } from '../../schemas/index.ts';
import { IdleStop } from '../../shared/agent/idle-stop.ts';
import { openOutbox } from '../../shared/agent/outbox.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import { openLedger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { type Commands, writeCommands } from './command-folder.ts';
import { DiskCheck } from './disk-check.ts';
import { unfitness } from './fitness.ts';
import { endLeftovers, openGroupRecords } from './group-records.ts';
import type { HandOptions } from './hand-options.ts';
import { leftTrees } from './left-trees.ts';
import { MirrorDesk } from './mirror-desk.ts';
import { Offers } from './offers.ts';
import { OperatorWords } from './operator-words.ts';
import { protocolPrompt } from './prompt-sources.ts';
import type { RunOptions } from './run-context.ts';
import { ownHands } from './run-hands.ts';
import { runLedger } from './run-ledger.ts';
import { StopRules, type StopRulesOptions } from './stop-rules.ts';
import { sweepTrees } from './sweep.ts';
import { workInTurn } from './worker-loop.ts';

export interface WorkerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  /** The project's folder, for the ledger and for commands that decide whether to go on; default the state directory. */
  readonly repoPath?: string;
  /** By name, in the order in which they are preferred; at least one. */
  readonly profiles: ReadonlyMap<string, HarnessProfile>;
  /** The pool whose strategy chooses among them; absent: the order does. */
  readonly pool?: string;
  /** Default: `single-task`. */
  readonly mode?: Mode;
  readonly labels?: readonly string[];
  readonly os: Capabilities['os'];
  readonly environment: Environment;
  /** Where the project keeps prompts of its own; default: `prompts` in the state directory. */
  readonly promptsFolder?: string;
  /** Command lines that a harness finds on its PATH; `waggle` is the one that serves its tools. */
  readonly commands?: Commands;
  readonly stop?: StopRulesOptions['rules'];
  /** How often a run's tree is stored while its harness works; default and 0: never. */
  readonly checkpointMs?: number;
  /** Leave after three snapshots without work, each after a claim that waited this long; absent: wait for ever. */
  readonly idleWaitMs?: number;
  readonly pid: number;
  readonly version: string;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** What a claim may ask for. */
const LONGEST_WAIT_MS = 600_000;

/**
 * Works until the signal aborts, a control message or a stop rule says to leave, or there is nothing to do (`idleWaitMs`).
 * Errors: `usage` when a harness cannot do what is asked of it; `state-locked`, `incarnation-ended`, `refused` when the
 * swarm will not have this agent.
 */
export async function runWorker(options: WorkerOptions, drain: AbortSignal): Promise<void> {
  const { swarm, project, agent, stateDir, clock, log, randomId, profiles, idleWaitMs } = options;
  const { mode = 'single-task', repoPath = stateDir } = options;
  const faults = [...profiles].flatMap(([name, profile]) => unfitness(name, profile, mode));
  if (faults.length > 0) throw new WaggleError('usage', { message: faults.join('; ') });
  const promptsFolder = options.promptsFolder ?? join(stateDir, 'prompts');
  // Whoever names a prompt that is not there is told now, not by one failed run after another.
  for (const [name, { template }] of profiles) {
    if (template === undefined) continue;
    await protocolPrompt({ folder: promptsFolder, mode, template }, {}).catch((error: unknown) => {
      throw isWaggleError(error, 'usage')
        ? new WaggleError('usage', { message: `profile ${name}: ${error.message}` })
        : error;
    });
  }
  if (profiles.size === 0) throw new WaggleError('usage', { message: 'a worker needs a profile' });
  const lock = await acquireStateLock(stateDir, { randomId });
  try {
    const placeState = lock.place.state;
    const groups = await openGroupRecords({ stateDir, placeState });
    const graceMs = Math.max(...[...profiles.values()].map((profile) => profile.graceMs));
    await endLeftovers({ stateDir, placeState }, { clock, log, graceMs });
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    await sweepTrees({ left: leftTrees({ stateDir, agent, randomId }), placeState, outbox, log });
    const words = await OperatorWords.open(join(stateDir, 'operator'), clock, log);
    const disk = new DiskCheck(stateDir, log);
    const rules = new StopRules({
      rules: options.stop ?? {},
      folder: repoPath,
      environment: options.environment,
      clock,
      log,
    });
    const client = createBoardClient({ swarm, project, agent, clock });
    const ledger = openLedger({
      file: join(stateDir, 'ledger.md'),
      loopId: lock.stateId,
      name: agent,
      repoPath,
      createdAt: clock.now(),
    });
    const runs: RunOptions = {
      ...options,
      mode,
      placeState,
      client,
      offers: new Offers(profiles, clock),
      disk,
      words,
      checkpointMs: options.checkpointMs ?? 0,
      ledger: runLedger(ledger, log),
    };
    const hands = ownHands({
      ...runs,
      stateDir,
      ...(await commandsOf(options)),
      promptsFolder,
      groups,
      mirrors: new MirrorDesk(stateDir),
      rules,
    });
    const idleStop =
      idleWaitMs === undefined
        ? {}
        : {
            idleStop: {
              watch: new IdleStop({ ...options, client }),
              waitMs: Math.min(idleWaitMs, LONGEST_WAIT_MS),
            },
          };
    await workInTurn(
      {
        ...options,
        ...idleStop,
        runs,
        hands,
        lock,
        outbox,
        disk,
        goesOn: (when, signal) => rules.goesOn(when, signal),
      },
      drain,
    );
  } finally {
    await lock.release();
  }
}

async function commandsOf({
  commands,
  stateDir,
}: WorkerOptions): Promise<Pick<HandOptions, 'waggle' | 'commandFolder'>> {
  if (commands === undefined) return {};
  const folder = await writeCommands(join(stateDir, 'bin'), commands);
  const [program, ...rest] = commands['waggle'] ?? [];
  return { commandFolder: folder, ...(program === undefined ? {} : { waggle: [program, ...rest] }) };
}
