/**
 * The model of a run: it takes some virtual time, prints as it goes, stores checkpoints, and ends in some class. It keeps
 * to what the real worker promises of reports: kept before anything is let go, a tree that is cut short kept as a rescue.
 */
import { createHash } from 'node:crypto';
import type { FileRef, Outcome, Report, TaskGrant } from '../../schemas/index.ts';
import type { FileSource } from '../../shared/agent/courier.ts';
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Env } from './node.ts';
import { hashOf } from './repository.ts';

/** How runs go; shares are of all runs. */
export interface HarnessModel {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** The share of runs that stop printing and never end. */
  readonly hangs: number;
  readonly fails: number;
  readonly asks: number;
  readonly limits: number;
  /** That end well and leave no change. */
  readonly idles: number;
  readonly checkpointEveryMs: number;
  readonly printEveryMs: number;
}

export const usualRuns: HarnessModel = {
  shortestMs: 1_000,
  longestMs: 20_000,
  hangs: 0.01,
  fails: 0.12,
  asks: 0.03,
  limits: 0.03,
  idles: 0.02,
  checkpointEveryMs: 8_000,
  printEveryMs: 2_000,
};

/** Files of the model: a path is the text that the file holds. */
export const modelFiles: FileSource = {
  describe: async (owner, path) => fileOf(owner, path),
  async put(swarm, project, owner, path) {
    const file = fileOf(owner, path);
    const headers = { 'Content-Type': 'application/octet-stream' };
    await swarm.append(subjectsOf(project).file(owner, file.sha256, 0), Buffer.from(path), { headers });
    return file;
  },
};

const fileOf = (owner: string, content: string): FileRef => ({
  owner,
  sha256: createHash('sha256').update(content).digest('hex'),
  size_bytes: Buffer.byteLength(content),
  chunks: 1,
});

const failures: readonly Outcome[] = ['crashed', 'env_failed', 'timed_out'];

/** Runs one grant to its report; what must be kept is kept at the desk. */
export async function runModel(
  { clock, disk, name, random }: Env,
  model: HarnessModel,
  held: HeldGrant,
  grant: TaskGrant,
  desk: ReportDesk,
): Promise<Report | undefined> {
  const { task, fence, run } = grant;
  const head = (kind: string) => ({ v: 1 as const, id: `${kind}-${random.id(12)}`, task, fence, run });
  disk.tree = { task, fence, run };
  const startedAt = clock.monotonic();
  const hangs = random.chance(model.hangs);
  const endsAt = startedAt + random.between(model.shortestMs, model.longestMs);
  let bytes = 0;
  let printedAt = startedAt;
  let number = 0;
  let checkpointAt = startedAt + model.checkpointEveryMs;
  const usage = () => ({
    output_tokens: bytes,
    duration_ms: Math.max(0, Math.round(clock.monotonic() - startedAt)),
  });
  held.follow(() => ({
    phase: 'running',
    outputBytes: bytes,
    outputAgeMs: clock.monotonic() - printedAt,
    usage: usage(),
    ...(grant.profile === undefined ? {} : { profile: grant.profile }),
  }));
  const checkpoint = () => {
    number += 1;
    const content = `${run} tree ${number}`;
    return { ref: fileOf(name, content), content, number };
  };
  const base = grant.lane?.tip ?? hashOf('nothing');
  const stored = (kept: ReturnType<typeof checkpoint>) => ({
    fence,
    number: kept.number,
    base,
    head: hashOf(kept.content),
    file: kept.ref,
  });
  const keepTree = async () => {
    const kept = checkpoint();
    await desk.keep({
      report: { ...head('c'), kind: 'checkpoint', checkpoint: stored(kept) },
      bundle: kept.content,
    });
  };
  while (!held.signal.aborted && (hangs || clock.monotonic() < endsAt)) {
    await clock.sleep(hangs ? 30_000 : model.printEveryMs, held.signal).catch(() => undefined);
    if (held.signal.aborted) break;
    if (!hangs) {
      bytes += 80;
      printedAt = clock.monotonic();
      if (random.chance(0.14))
        await desk.keep({ report: { ...head('p'), kind: 'progress', note: `${run} at ${bytes}` } });
    }
    if (!hangs && grant.lane !== undefined && clock.monotonic() >= checkpointAt) {
      checkpointAt = clock.monotonic() + model.checkpointEveryMs;
      await keepTree();
    }
  }
  const report = await endOf();
  disk.tree = undefined;
  return report;

  async function endOf(): Promise<Report | undefined> {
    if (held.signal.aborted) {
      if (held.signal.reason === 'fenced') {
        await keepTree();
        return undefined;
      }
      const kept = checkpoint();
      await desk.keep({
        report: {
          ...head('r'),
          kind: 'released',
          reason: 'cut short',
          checkpoint: stored(kept),
          usage: usage(),
        },
        bundle: kept.content,
      });
      return undefined;
    }
    const fate = random.next();
    if (fate < model.fails)
      return {
        ...head('f'),
        kind: 'failed',
        outcome: random.pick(failures) ?? 'crashed',
        reason: 'a model failure',
        usage: usage(),
      };
    if (fate < model.fails + model.limits)
      return {
        ...head('f'),
        kind: 'failed',
        outcome: 'rate_limited',
        reason: 'a model limit',
        usage: usage(),
        // Where the harness does not say it the project's own pause holds, which is long.
        ...(random.chance(0.9) ? { retry_at: Math.round(clock.now() + random.between(1_000, 30_000)) } : {}),
      };
    if (fate < model.fails + model.limits + model.asks)
      return { ...head('b'), kind: 'blocked', outcome: 'needs_input', reason: 'a question' };
    const isIdle = fate < model.fails + model.limits + model.asks + model.idles;
    if (isIdle || grant.lane === undefined || grant.expects === 'none')
      return { ...head('d'), kind: 'done', outcome: 'completed', note: 'done', usage: usage() };
    const content = `${run} change`;
    const kept = checkpoint();
    await desk.keep({
      report: {
        ...head('s'),
        kind: 'submitted',
        base,
        head: hashOf(content),
        bundle: fileOf(name, content),
        message: `feat: ${task}`,
        usage: usage(),
      },
      bundle: content,
      rescue: {
        ...head('c'),
        kind: 'checkpoint',
        checkpoint: { ...stored(kept), file: fileOf(name, content) },
      },
    });
    return undefined;
  }
}

/** What a starting worker finds of its predecessor: a tree that nobody handed in is kept as a rescue. */
export async function rescueLeft({ disk, name, random }: Env, put: ReportDesk['keep']): Promise<void> {
  const { tree } = disk;
  if (tree === undefined) return;
  const { task, fence, run } = tree;
  const isKept = disk.entries.some(
    ({ report }) => 'fence' in report && report.fence === fence && report.kind !== 'progress',
  );
  if (!isKept) {
    const content = `${run} left`;
    const checkpoint = {
      fence,
      number: 1_000,
      base: hashOf('nothing'),
      head: hashOf(content),
      file: fileOf(name, content),
    };
    await put({
      report: { v: 1, kind: 'checkpoint', id: `c-${random.id(12)}`, task, fence, run, checkpoint },
      bundle: content,
    });
  }
  disk.tree = undefined;
}

/** How a submission fares when it is taken in. */
export function takeInModel(random: SeededRandom) {
  return () => {
    const fate = random.next();
    if (fate < 0.06) return 'conflict';
    if (fate < 0.12) return 'gate';
    return fate < 0.14 ? 'empty' : 'clean';
  };
}
