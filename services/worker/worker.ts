/**
 * The worker: claims tasks and runs one harness at a time. Holds the lock of its state directory, ends what a
 * predecessor left running, takes up the trees it left, delivers what it left unsent, then claims.
 */
import { join } from 'node:path';
import type { Capabilities, Mode } from '../../schemas/index.ts';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
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
import { liveThrough } from './harness-life.ts';
import { MirrorDesk } from './mirror-desk.ts';
import { Offers } from './offers.ts';
import { OperatorWords } from './operator-words.ts';
import { protocolPrompt } from './prompt-sources.ts';
import type { RunOptions } from './run-context.ts';
import type { Ended, Shift } from './shift.ts';
import { StopRules, type StopRulesOptions } from './stop-rules.ts';
import { sweepTrees } from './sweep.ts';
import { wordOrders } from './worker-words.ts';

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
  const [first] = profiles;
  if (first === undefined) throw new WaggleError('usage', { message: 'a worker needs a profile' });
  const lock = await acquireStateLock(stateDir, { randomId });
  try {
    const placeState = lock.place.state;
    const groups = await openGroupRecords({ stateDir, placeState });
    const graceMs = Math.max(...[...profiles.values()].map((profile) => profile.graceMs));
    await endLeftovers({ stateDir, placeState }, { clock, log, graceMs });
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    await sweepTrees({ stateDir, placeState, agent, outbox, randomId, log });
    const words = await OperatorWords.open(join(stateDir, 'operator'), clock, log);
    const offers = new Offers(profiles, clock);
    const disk = new DiskCheck(stateDir, log);
    const rules = new StopRules({
      rules: options.stop ?? {},
      folder: repoPath,
      environment: options.environment,
      clock,
      log,
    });
    const client = createBoardClient({ swarm, project, agent, clock });
    const runs: RunOptions = {
      ...options,
      ...(await commandsOf(options)),
      mode,
      placeState,
      client,
      offers,
      disk,
      words,
      promptsFolder,
      checkpointMs: options.checkpointMs ?? 0,
      groups,
      mirrors: new MirrorDesk(stateDir),
      rules,
      ledger: openLedger({
        file: join(stateDir, 'ledger.md'),
        loopId: lock.stateId,
        name: agent,
        repoPath,
        createdAt: clock.now(),
      }),
    };
    const idleStop =
      idleWaitMs === undefined
        ? {}
        : {
            idleStop: {
              watch: new IdleStop({ ...options, client }),
              waitMs: Math.min(idleWaitMs, LONGEST_WAIT_MS),
            },
          };
    let shift: Shift | undefined;
    await runClaimLoop(
      {
        ...options,
        ...idleStop,
        role: 'worker',
        work: 'task',
        lock,
        outbox,
        capabilities: capabilitiesOf(options, first, offers),
        restMs: async () => Math.max(offers.restMs(), await disk.restMs()),
        goesOn: (when, signal) => rules.goesOn(when, signal),
        words: wordOrders(words, () => shift),
        async perform(held, desk, more, over) {
          if (held.grant.kind !== 'work') return undefined;
          const ended = await liveThrough({
            options: runs,
            held,
            grant: held.grant,
            desk,
            more,
            over,
            onShift: (begun) => {
              shift = begun;
            },
          });
          if (ended !== undefined) weigh(offers, ended, log);
          return undefined;
        },
      },
      drain,
    );
  } finally {
    await lock.release();
  }
}

function weigh(offers: Offers, { run, outcome, hasStarted }: Ended, log: Log): void {
  if (hasStarted) {
    offers.worked(run.profile);
  } else if (outcome === 'env_failed') {
    const ms = offers.failed(run.profile);
    log.warn(
      { profile: run.profile, ms },
      'the harness does not start here; its profile rests on this worker',
    );
  }
}

/** Offers are told where there is a choice: an older orchestrator knows no others than one profile. */
function capabilitiesOf(
  { pool, profiles, labels = [], os }: WorkerOptions,
  [profile, { harness }]: readonly [string, HarnessProfile],
  offers: Offers,
): Capabilities {
  const common = { profile, harness, os, labels: [...labels] };
  if (pool === undefined && profiles.size === 1) return common;
  return {
    ...common,
    ...(pool === undefined ? {} : { pool }),
    // Asked for with each claim that goes out.
    get offers() {
      return offers.list();
    },
  };
}

async function commandsOf({
  commands,
  stateDir,
}: WorkerOptions): Promise<Pick<RunOptions, 'waggle' | 'commandFolder'>> {
  if (commands === undefined) return {};
  const folder = await writeCommands(join(stateDir, 'bin'), commands);
  const [program, ...rest] = commands['waggle'] ?? [];
  return { commandFolder: folder, ...(program === undefined ? {} : { waggle: [program, ...rest] }) };
}
