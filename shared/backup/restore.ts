/**
 * Restoring a backup into an empty project.
 *
 * 1. Nothing is written before the whole file was read and found sound, and every stream of the project found empty.
 * 2. Every message of JOURNAL, SNAPSHOTS and MAIL gets the sequence that it had: batches, manifests and mails name one
 *    another by them. Chunks of FILES are found by their subjects; they only keep their order.
 * 3. The journal comes last, and each batch expects the one before it: an orchestrator that begins meanwhile makes the
 *    restore fail, it never leads on half of it. Holding the lead of the role keeps those out that campaign for it.
 * 4. What was written is read back, counted and digested before the operator's batch makes it a project again.
 */
import { campaign } from '../bus/election.ts';
import { ELECTION_LEASE_MS } from '../bus/leadership.ts';
import { openLeaderKey } from '../bus/leadership-key.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { ensureTopology, type TopologyLimits } from '../bus/topology.ts';
import { messageOf, WaggleError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type BackupHeader,
  type BackupStream,
  type BackupSummary,
  backupStreams,
  openBackup,
} from './container.ts';
import { messagesOf, placesOf, type StreamPlace } from './places.ts';
import { type ContinuedBoard, type ContinueOptions, continueBoard } from './restored-board.ts';
import { ownHeaders, StreamDigest } from './stream-digest.ts';
import { StreamWriter } from './stream-writer.ts';

export interface RestoreOptions extends Omit<ContinueOptions, 'header'> {
  readonly file: string;
  readonly log: Log;
  readonly limits?: TopologyLimits;
  /** Where the bus keeps its streams, for messages. */
  readonly store: string;
  readonly onProgress?: (step: RestoreStep, stream: BackupStream, done: number) => void;
}

export type RestoreStep = 'check' | 'write' | 'verify';

export interface Restored extends ContinuedBoard {
  readonly header: BackupHeader;
  readonly summary: BackupSummary;
}

/**
 * Errors: `backup-damaged`; `refused` (`reason`: `other-project`, `not-empty`, `led`) before anything was written;
 * `restore-failed` afterwards.
 */
export async function restoreBackup(options: RestoreOptions, signal: AbortSignal): Promise<Restored> {
  const { core, swarm, project, file, limits } = options;
  const { header, summary } = await checkBackup(options, signal);
  if (header.project !== project) {
    const message = `${file} is a backup of project ${header.project}, and this is project ${project}; a project is restored under its own name`;
    throw new WaggleError('refused', { message, reason: 'other-project' });
  }
  await refuseNotEmpty(options);
  await refuseLed(options);
  await ensureTopology({ core, swarm }, project, limits);
  return asLeader(options, signal, async (held) => {
    await refuseNotEmpty(options);
    try {
      await write(options, summary, held);
      await verify(options, summary, held);
      const continued = await continueBoard({ ...options, header }, held);
      return { header, summary, ...continued };
    } catch (error) {
      const { store } = options;
      throw new WaggleError('restore-failed', { cause: messageOf(error), project, store }, { cause: error });
    }
  });
}

/** Reads the whole file. Errors: `backup-damaged`. */
export async function checkBackup(
  { file, onProgress }: Pick<RestoreOptions, 'file' | 'onProgress'>,
  signal: AbortSignal,
): Promise<{ readonly header: BackupHeader; readonly summary: BackupSummary }> {
  const backup = await openBackup(file);
  const digests = new Map(backupStreams.map((stream) => [stream, new StreamDigest(stream)]));
  const records = backup.records();
  for (let done = 1; ; done += 1) {
    signal.throwIfAborted();
    const next = await records.next();
    if (next.done === true) {
      const summary = next.value;
      for (const stream of backupStreams) {
        const found = digests.get(stream)?.summary(summary[stream].last).digest;
        if (found === summary[stream].digest) continue;
        throw new WaggleError('backup-damaged', { file, fault: `its ${stream} has another digest` });
      }
      return { header: backup.header, summary };
    }
    digests.get(next.value.stream)?.add(next.value);
    onProgress?.('check', next.value.stream, done);
  }
}

async function refuseNotEmpty({ core, swarm, project }: RestoreOptions): Promise<void> {
  const filled: string[] = [];
  for (const stream of backupStreams) {
    const { bus, name } = placesOf({ core, swarm }, project)[stream];
    const info = await bus.streams.info(name);
    if (info !== undefined && info.lastSeq > 0) filled.push(`${name} (${info.messages} messages)`);
  }
  if (filled.length === 0) return;
  const message = `project ${project} is not empty: ${filled.join(', ')}; a backup is restored onto a bus where the project never was`;
  throw new WaggleError('refused', { message, reason: 'not-empty', streams: filled });
}

const roleOf = ({ core, project, randomId, clock }: RestoreOptions) => ({
  core,
  project,
  clock,
  role: 'orchestrator' as const,
  identity: `restore-${process.pid}-${randomId(6)}`,
});

async function refuseLed(options: RestoreOptions): Promise<void> {
  const { swarm, project } = options;
  const standing = await openLeaderKey(roleOf(options)).look(ELECTION_LEASE_MS);
  if (standing.kind !== 'held') return;
  const message = `an orchestrator leads project ${project} (${standing.holder} on ${swarm.server().url}); stop it first`;
  throw new WaggleError('refused', { message, reason: 'led' });
}

/** Works as the leader of the orchestrators: none of them begins meanwhile. */
async function asLeader<T>(
  options: RestoreOptions,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { swarm, log, randomId } = options;
  const over = new AbortController();
  let end: { readonly value: T } | { readonly error: unknown } | undefined;
  const election = { ...roleOf(options), log, randomId, needs: [swarm], leaseMs: () => ELECTION_LEASE_MS };
  const lead = async (held: AbortSignal) => {
    try {
      end = { value: await work(held) };
    } catch (error) {
      end = { error };
    }
    over.abort();
  };
  await campaign(election, lead, AbortSignal.any([signal, over.signal]));
  signal.throwIfAborted();
  if (end === undefined) throw new Error('the campaign ended without a term');
  if ('error' in end) throw end.error;
  return end.value;
}

/** The journal comes last. */
const order: readonly BackupStream[] = ['files', 'mail', 'snapshots', 'journal'];

async function write(options: RestoreOptions, summary: BackupSummary, signal: AbortSignal): Promise<void> {
  const places = placesOf(options, options.project);
  const { prefix } = subjectsOf(options.project);
  const fillers: Readonly<Record<BackupStream, string>> = {
    files: '',
    mail: `${prefix}.mail.restore.topic.filler`,
    snapshots: `${prefix}.snapshot.filler`,
    journal: `${prefix}.journal`,
  };
  for (const wanted of order) {
    const writer = new StreamWriter(places[wanted], {
      filler: fillers[wanted],
      isExpectedOf: wanted === 'journal',
    });
    const backup = await openBackup(options.file);
    try {
      let done = 0;
      for await (const { stream, seq, subject, headers, payload } of backup.records()) {
        signal.throwIfAborted();
        if (stream !== wanted) {
          if (isBehind(stream, wanted)) break;
          continue;
        }
        done += 1;
        // Files only keep their order.
        await writer.put(wanted === 'files' ? done : seq, subject, payload, headers);
        options.onProgress?.('write', wanted, done);
      }
      if (wanted === 'files') await writer.drain();
      else await writer.finish(summary[wanted].last);
    } finally {
      await writer.drain().catch(() => undefined);
      backup.close();
    }
  }
}

/** The file holds its streams one after another. */
const isBehind = (stream: BackupStream, wanted: BackupStream): boolean =>
  backupStreams.indexOf(stream) > backupStreams.indexOf(wanted);

async function verify(options: RestoreOptions, summary: BackupSummary, signal: AbortSignal): Promise<void> {
  const places = placesOf(options, options.project);
  for (const stream of backupStreams) {
    const place = places[stream];
    const digest = new StreamDigest(stream);
    let done = 0;
    for await (const stored of messagesOf(place, stream, undefined, signal)) {
      digest.add({ ...stored, headers: ownHeaders(stored.headers) });
      done += 1;
      options.onProgress?.('verify', stream, done);
    }
    await expectSame(place, stream, digest, summary);
  }
}

async function expectSame(
  { bus, name }: StreamPlace,
  stream: BackupStream,
  digest: StreamDigest,
  summary: BackupSummary,
): Promise<void> {
  const wanted = summary[stream];
  const info = await bus.streams.info(name);
  const found = digest.summary(stream === 'files' ? wanted.last : (info?.lastSeq ?? 0));
  for (const key of ['messages', 'last', 'digest'] as const) {
    if (found[key] === wanted[key]) continue;
    throw new Error(`${name} was read back with another ${key}: ${found[key]} instead of ${wanted[key]}`);
  }
}
