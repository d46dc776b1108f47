/**
 * Third step of a commit: bring the submission's bundle, put its change onto the tip in a working tree of its own, and
 * run the gates there.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitGrant, Evidence } from '../../schemas/index.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { getFile, putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { CommitClone } from '../../shared/git/commit-clone.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import { runGate } from '../../shared/harness/gate.ts';
import type { Log } from '../../shared/log.ts';
import type { Bounce } from './outcome.ts';
import { bounce } from './outcome.ts';
import { COMMITS } from './sweep.ts';

export interface TakeInOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Log;
}

/** The tree to commit, or why there is none. */
export type TakenIn =
  | { readonly status: 'clean'; readonly tree: string; readonly evidence: readonly Evidence[] }
  | { readonly status: 'bounced'; readonly bounce: Bounce };

export async function takeIn(
  options: TakeInOptions,
  held: HeldGrant,
  grant: CommitGrant,
  { clone, tip }: { readonly clone: CommitClone; readonly tip: string },
): Promise<TakenIn> {
  const { stateDir, log } = options;
  // No other grant has this fence: what a killed predecessor's git still does, it does elsewhere.
  const folder = join(stateDir, COMMITS, String(grant.fence));
  const tree = join(folder, `tree-${grant.fence}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const applied = await apply(options, held, grant, { clone, tip, tree, folder });
    if (typeof applied !== 'string') return { status: 'bounced', bounce: applied };
    const evidence = await runGates(options, held, grant, tree, folder);
    const red = evidence.filter(({ status }) => status === 'red');
    if (red.length === 0) return { status: 'clean', tree: applied, evidence };
    const detail = red.map(({ gate, tail }) => `${gate}\n${tail ?? ''}`).join('\n\n');
    return { status: 'bounced', bounce: { ...bounce('gate', detail), evidence } };
  } finally {
    const saying = (error: unknown) =>
      log.warn({ folder, reason: messageOf(error) }, 'a working tree was not removed');
    await clone.discard(tree).catch(saying);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(saying);
  }
}

/** The name of the resulting tree. */
async function apply(
  options: TakeInOptions,
  { signal }: HeldGrant,
  grant: CommitGrant,
  to: { clone: CommitClone; tip: string; tree: string; folder: string },
): Promise<string | Bounce> {
  const { clone, tip, tree, folder } = to;
  const bundle = join(folder, 'change.bundle');
  const fault = await fetchBundle(options, grant, bundle, signal);
  if (fault !== undefined) return fault;
  const { base, head } = grant.submission;
  const imported = await clone.importBundle(bundle, { base, head, signal });
  if (imported.status === 'damaged') return bounce('bundle_damaged', imported.detail);
  const applied = await clone.apply({ tip, base, head, dir: tree, signal });
  if (applied.status === 'empty') return bounce('empty', 'the lane holds this change already');
  if (applied.status === 'conflict') return bounce('conflict', applied.detail);
  return applied.tree;
}

async function fetchBundle(
  { swarm, project, agent }: TakeInOptions,
  { submission }: CommitGrant,
  path: string,
  signal: AbortSignal,
): Promise<Bounce | undefined> {
  try {
    await getFile(createReader(swarm, project, agent), submission.bundle, path, signal);
    return undefined;
  } catch (error) {
    if (isWaggleError(error, 'file-absent')) return bounce('bundle_missing', error.message);
    if (isWaggleError(error, 'file-damaged')) return bounce('bundle_damaged', error.message);
    throw error;
  }
}

async function runGates(
  options: TakeInOptions,
  held: HeldGrant,
  grant: CommitGrant,
  tree: string,
  folder: string,
): Promise<Evidence[]> {
  const { swarm, project, agent, environment, clock, log } = options;
  const all: Evidence[] = [];
  let outputBytes = 0;
  for (const gate of grant.gates) {
    let lastAt = clock.monotonic();
    held.follow(() => ({
      phase: `gate ${gate.name}`,
      outputBytes,
      outputAgeMs: clock.monotonic() - lastAt,
    }));
    const logFile = join(folder, `${gate.name}.log`);
    const { evidence } = await runGate(gate, {
      folder: tree,
      taskId: grant.task,
      // The run's own name would mark it as a leftover of the worker whose run that is, which ends those when it starts.
      run: `${grant.run}.commit-${grant.fence}`,
      environment,
      logFile,
      clock,
      log,
      signal: held.signal,
      onOutput({ bytes }) {
        outputBytes += bytes.length;
        lastAt = clock.monotonic();
      },
    });
    // A green gate's tail says enough; of a red one everything is kept.
    if (evidence.status === 'green') all.push(evidence);
    else all.push({ ...evidence, log: await putFile(swarm, project, agent, logFile) });
  }
  return all;
}
