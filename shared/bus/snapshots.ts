/**
 * Snapshots on SNAPSHOTS: a board's parts as pieces on `wg.<p>.snapshot.<journal sequence>`, and one manifest for each
 * on `wg.<p>.snapshot.0` (no batch stands at 0). Knows nothing of boards or of the journal.
 *
 * 1. A manifest is written only after its pieces were read back and gave the same digest: what has none, because its
 *    writer died, does not exist for anybody.
 * 2. The two newest are kept, but for those that were found damaged. Whoever wrote one purges what is older than both,
 *    also what writers before it left.
 * 3. Pieces are told apart by the snapshot's random id, so two writers at one journal sequence disturb nobody.
 * 4. A manifest carries its own digest in a header: one byte of it can name another MAIL, or another batch.
 * 5. Parts are encoded and checked one by one, with other work between them: no snapshot blocks its process for long.
 */
import { createHash } from 'node:crypto';
import {
  CHUNK_BYTES,
  type Snapshot,
  type SnapshotManifest,
  type SnapshotPart,
  type SnapshotPiece,
} from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { RandomId } from '../random.ts';
import { encode, tryDecode } from './codec.ts';
import type { Bus, Stored } from './port.ts';
import { subjectsOf } from './subjects.ts';
import { streamNames } from './topology.ts';

/** Where the board stood in its journal, and what of it is repeated in the manifest. */
export type SnapshotStanding = Omit<
  SnapshotManifest,
  'v' | 'kind' | 'id' | 'first_seq' | 'pieces' | 'size_bytes' | 'sha256'
>;

export interface Snapshots {
  /** The manifests that can be read, newest batch first; of each one that cannot, why. */
  list(): Promise<{ readonly manifests: readonly SnapshotManifest[]; readonly faults: readonly string[] }>;
  /** The parts of a snapshot, in order, checked. Errors: `snapshot-damaged`, the port's. */
  read(manifest: SnapshotManifest): Promise<SnapshotPart[]>;
  /** Stores, reads back and announces a snapshot, then purges older ones. Errors: as of `read`, the signal's reason. */
  write(
    parts: Iterable<SnapshotPart>,
    standing: SnapshotStanding,
    signal: AbortSignal,
  ): Promise<SnapshotManifest>;
  /** Forgets all of them: when an operator goes on without. */
  forget(): Promise<void>;
}

const KEPT = 2;
/** Pieces that are read at once: they are in memory together. */
const PAGE = 8;
const MANIFESTS_PAGE = 100;
const APPEND_TIMEOUT_MS = 5_000;
/** Room for the fields and headers around the bytes of a piece. */
const ENVELOPE_BYTES = 1_024;
/** SHA-256 of a manifest's bytes, as hex. Manifests of older versions have none. */
const DIGEST_HEADER = 'Waggle-Digest';

/** Opens the snapshots of a project. */
export function openSnapshots(core: Bus, project: string, randomId: RandomId): Snapshots {
  const stream = streamNames(project).snapshots;
  const subjectOf = (seq: number) => `${subjectsOf(project).prefix}.snapshot.${seq}`;
  const manifestsSubject = subjectOf(0);
  /** Of snapshots that did not read well here; gone when their manifests are. */
  const damagedIds = new Set<string>();

  const append = async (subject: string, message: Snapshot): Promise<number> => {
    const { payload, headers } = encode('Snapshot', message);
    const own = message.kind === 'manifest' ? { ...headers, [DIGEST_HEADER]: digestOf(payload) } : headers;
    return (await core.append(subject, payload, { headers: own, timeoutMs: APPEND_TIMEOUT_MS })).seq;
  };

  async function* messages(subject: string, fromSeq: number, limit: number): AsyncGenerator<Stored> {
    for (let from = fromSeq; ; ) {
      const page = await core.streams.page(stream, { fromSeq: from, subject, limit });
      yield* page.messages;
      from = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
      if (page.scannedTo >= page.lastSeq) return;
    }
  }

  async function stored(): Promise<{
    manifests: { seq: number; manifest: SnapshotManifest }[];
    faults: string[];
  }> {
    const manifests: { seq: number; manifest: SnapshotManifest }[] = [];
    const faults: string[] = [];
    for await (const message of messages(manifestsSubject, 1, MANIFESTS_PAGE)) {
      const decoded = tryDecode('Snapshot', message);
      const isWhole =
        (message.headers[DIGEST_HEADER] ?? digestOf(message.payload)) === digestOf(message.payload);
      if (isWhole && decoded.ok && decoded.value.kind === 'manifest')
        manifests.push({ seq: message.seq, manifest: decoded.value });
      else {
        const fault = decoded.ok ? (isWhole ? 'it is a piece' : 'its bytes changed') : decoded.fault;
        faults.push(`the manifest at ${message.seq} is none: ${fault}`);
      }
    }
    manifests.sort((a, b) => b.manifest.journal_seq - a.manifest.journal_seq || b.seq - a.seq);
    return { manifests, faults };
  }

  async function read(manifest: SnapshotManifest): Promise<SnapshotPart[]> {
    const { journal_seq: seq, id, pieces, first_seq: first } = manifest;
    const damaged = (fault: string) => {
      damagedIds.add(id);
      return new WaggleError('snapshot-damaged', { seq, fault });
    };
    const hash = createHash('sha256');
    const parts: SnapshotPart[] = [];
    let bytes: Uint8Array[] = [];
    let count = 0;
    for await (const message of messages(subjectOf(seq), first, PAGE)) {
      const piece = pieceOf(message);
      if (piece === undefined) throw damaged(`message ${message.seq} is no piece`);
      if (piece.id !== id) continue;
      if (piece.n !== count) throw damaged(`piece ${count} is missing`);
      count += 1;
      hash.update(piece.data);
      bytes.push(piece.data);
      if (piece.ends) {
        parts.push(partOf(bytes, damaged));
        bytes = [];
      }
      if (count === pieces) break;
    }
    if (count < pieces) throw damaged(`it has ${count} of ${pieces} pieces`);
    const found = hash.digest('hex');
    if (found !== manifest.sha256) throw damaged(`its bytes hash to ${found}, expected ${manifest.sha256}`);
    return parts;
  }

  async function trim(): Promise<void> {
    const { manifests } = await stored();
    const whole = manifests.filter(({ manifest }) => !damagedIds.has(manifest.id));
    for (const { seq } of manifests.filter((one) => !whole.includes(one)))
      await core.streams.remove(stream, seq);
    damagedIds.clear();
    const kept = whole.slice(0, KEPT).map(({ manifest }) => manifest.first_seq);
    if (kept.length < KEPT) return;
    for (const { seq } of whole.slice(KEPT)) await core.streams.remove(stream, seq);
    await core.streams.purge(stream, { before: Math.min(...kept) });
  }

  return {
    async list() {
      const { manifests, faults } = await stored();
      return { manifests: manifests.map(({ manifest }) => manifest), faults };
    },

    read,

    async write(parts, standing, signal) {
      const id = randomId();
      const subject = subjectOf(standing.journal_seq);
      const limit = Math.min(CHUNK_BYTES, core.server().maxPayloadBytes - ENVELOPE_BYTES);
      const hash = createHash('sha256');
      let first: number | undefined;
      let n = 0;
      let size = 0;
      for (const part of parts) {
        const { payload } = encode('Snapshot', part);
        for (let from = 0; from < payload.byteLength; from += limit) {
          signal.throwIfAborted();
          const data = payload.subarray(from, from + limit);
          const ends = from + limit >= payload.byteLength;
          hash.update(data);
          const seq = await append(subject, { v: 1, kind: 'piece', id, n, ends, data });
          first ??= seq;
          n += 1;
          size += data.byteLength;
        }
      }
      const manifest: SnapshotManifest = {
        v: 1,
        kind: 'manifest',
        id,
        ...standing,
        first_seq: first ?? 1,
        pieces: n,
        size_bytes: size,
        sha256: hash.digest('hex'),
      };
      signal.throwIfAborted();
      await read(manifest);
      signal.throwIfAborted();
      await append(manifestsSubject, manifest);
      await trim();
      return manifest;
    },

    async forget() {
      const { lastSeq } = (await core.streams.info(stream)) ?? { lastSeq: 0 };
      await core.streams.purge(stream, { before: lastSeq + 1 });
    },
  };
}

const digestOf = (payload: Uint8Array): string => createHash('sha256').update(payload).digest('hex');

function pieceOf(message: Stored): SnapshotPiece | undefined {
  const decoded = tryDecode('Snapshot', message);
  if (!decoded.ok || decoded.value.kind !== 'piece') return undefined;
  return decoded.value.data instanceof Uint8Array ? decoded.value : undefined;
}

function partOf(bytes: readonly Uint8Array[], damaged: (fault: string) => WaggleError): SnapshotPart {
  const payload = bytes.length === 1 && bytes[0] !== undefined ? bytes[0] : Buffer.concat(bytes);
  const decoded = tryDecode('Snapshot', { payload, headers: { 'Content-Type': 'application/msgpack' } });
  if (!decoded.ok) throw damaged(decoded.fault);
  const { value } = decoded;
  if (value.kind === 'manifest' || value.kind === 'piece') throw damaged(`it holds a ${value.kind}`);
  return value;
}
