/**
 * The read service: hands out stored mail, file chunks, harness output and last beats to those who hold no
 * rights on the streams. Every orchestrator serves it, leading or not, in one queue group (DESIGN 2.2).
 *
 * A stored message that is no valid mail, chunk or beat counts as absent; so does one that would not fit an answer,
 * or one sender could keep everybody from reading on.
 */
import { CHUNK_BYTES, type Read, type ReadAnswer, type StoredMail } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import { isFault, readMail } from '../../shared/bus/mailbox.ts';
import type { Bus, Stored } from '../../shared/bus/port.ts';
import { serve } from '../../shared/bus/rpc.ts';
import { type Subjects, senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { type StreamNames, streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { assertNever, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Refusals } from './refusals.ts';

export interface ReadServiceOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly refusals: Refusals;
}

const PAGE = 100;
const PAGE_BYTES = 500_000;
/** Longest mail or piece of output that is handed out, and longest beat. */
const STORED_BYTES = 450_000;
const BEAT_BYTES = 16_384;

export function serveReads(options: ReadServiceOptions): { stop(): Promise<void> } {
  const { swarm, project, refusals, log } = options;
  const subjects = subjectsOf(project);
  const streams = streamNames(project);
  const under = new Set<Promise<void>>();
  const endpoint = serve(swarm, subjects.request('read', '*'), {
    request: 'Read',
    answer: 'ReadAnswer',
    queue: `wg-${project}-read`,
    onFault: (from, fault) => refusals.count('read', from, fault),
    refuse: (fault) => ({ v: 1, kind: 'refused', code: 'invalid', message: fault }),
    handle({ from, request, answer }) {
      const work = read(options, subjects, streams, request)
        .catch((error: unknown): ReadAnswer => {
          log.warn({ err: error, from, kind: request.kind }, 'a read failed');
          return { v: 1, kind: 'refused', code: 'read-failed', message: messageOf(error) };
        })
        .then(answer)
        .finally(() => under.delete(work));
      under.add(work);
    },
  });
  return {
    async stop() {
      await endpoint.stop();
      await Promise.all(under);
    },
  };
}

async function read(
  { swarm, clock }: ReadServiceOptions,
  subjects: Subjects,
  streams: StreamNames,
  request: Read,
): Promise<ReadAnswer> {
  switch (request.kind) {
    case 'mail':
      return readMails(swarm, subjects, streams, request);
    case 'chunk': {
      const subject = subjects.file(request.owner, request.sha256, request.n);
      const stored = await swarm.streams.get(streams.files, { lastBySubject: subject });
      // Anything larger is no chunk of ours, and an answer with it would not fit a message.
      const isChunk = stored?.subject === subject && stored.payload.byteLength <= CHUNK_BYTES;
      if (stored === undefined || !isChunk) {
        return { v: 1, kind: 'absent', message: `chunk ${request.n} of ${request.sha256} is not stored` };
      }
      return { v: 1, kind: 'chunk', data: stored.payload };
    }
    case 'output':
      return readOutput(swarm, subjects, streams, request);
    case 'beats':
      return readBeats(swarm, subjects, streams, clock);
    default:
      return assertNever(request);
  }
}

async function readMails(
  swarm: Bus,
  subjects: Subjects,
  streams: StreamNames,
  request: Extract<Read, { kind: 'mail' }>,
): Promise<ReadAnswer> {
  const subject = subjects.mailTo(request.target, request.from);
  const limit = Math.min(request.limit ?? PAGE, PAGE);
  if (request.last !== undefined) return lastMails(swarm, streams, subject, Math.min(request.last, 1_000));
  const fromSeq = (request.after ?? 0) + 1;
  const page = await swarm.streams.page(streams.mail, { fromSeq, subject, limit });
  const { taken, scannedTo } = upTo(page.messages, page.scannedTo);
  return { v: 1, kind: 'mail', mails: taken.flatMap(mailOf), scanned_to: scannedTo, last: page.lastSeq };
}

/** The newest `count` mails of a subject: found by widening a window from the stream's end. */
async function lastMails(
  swarm: Bus,
  streams: StreamNames,
  subject: string,
  count: number,
): Promise<ReadAnswer> {
  const info = await swarm.streams.info(streams.mail);
  const last = info?.lastSeq ?? 0;
  const first = info?.firstSeq ?? 1;
  let mails: { readonly mail: StoredMail; readonly bytes: number }[] = [];
  for (let span = Math.max(count * 4, 256); last > 0; span *= 4) {
    const from = Math.max(last - span + 1, first);
    mails = [];
    for (let next = from; next <= last; ) {
      const page = await swarm.streams.page(streams.mail, { fromSeq: next, subject, limit: PAGE });
      for (const stored of page.messages)
        for (const mail of mailOf(stored)) mails.push({ mail, bytes: bytesOf(stored) });
      next = page.scannedTo + 1;
      if (page.scannedTo >= page.lastSeq) break;
    }
    if (mails.length >= count || from <= first) break;
  }
  const newest = count === 0 ? [] : mails.slice(-count);
  let bytes = 0;
  const tooOld = newest.findLastIndex((one, index) => {
    bytes += one.bytes;
    return bytes > PAGE_BYTES && index < newest.length - 1;
  });
  const fitting = newest.slice(tooOld + 1).map(({ mail }) => mail);
  return { v: 1, kind: 'mail', mails: fitting, scanned_to: last, last };
}

/** An upper guess of what a stored message takes in an answer. */
const bytesOf = ({ payload }: Stored): number => payload.byteLength * 2 + 300;

const mailOf = (stored: Stored): StoredMail[] => {
  if (stored.payload.byteLength > STORED_BYTES) return [];
  const mail = readMail(stored);
  return isFault(mail) ? [] : [mail];
};

/** As many of the messages as fit an answer, and how far that scans. */
function upTo(
  messages: readonly Stored[],
  scannedTo: number,
): { taken: readonly Stored[]; scannedTo: number } {
  let bytes = 0;
  const fits = messages.findIndex((stored, index) => {
    bytes += bytesOf(stored);
    return bytes > PAGE_BYTES && index > 0;
  });
  if (fits < 0) return { taken: messages, scannedTo };
  const taken = messages.slice(0, fits);
  return { taken, scannedTo: taken.at(-1)?.seq ?? scannedTo };
}

async function readOutput(
  swarm: Bus,
  subjects: Subjects,
  streams: StreamNames,
  request: Extract<Read, { kind: 'output' }>,
): Promise<ReadAnswer> {
  const subject = subjects.output(request.agent, request.run ?? '*');
  const limit = Math.min(request.limit ?? PAGE, PAGE);
  const page = await swarm.streams.page(streams.output, { fromSeq: request.after + 1, subject, limit });
  const { taken, scannedTo } = upTo(page.messages, page.scannedTo);
  const chunks = taken.flatMap((stored) => {
    if (stored.payload.byteLength > STORED_BYTES) return [];
    const decoded = tryDecode('Output', stored);
    const run = stored.subject.split('.')[4];
    return decoded.ok && run !== undefined
      ? [{ seq: stored.seq, run, at: stored.at, text: decoded.value.text }]
      : [];
  });
  return { v: 1, kind: 'output', chunks, scanned_to: scannedTo, last: page.lastSeq };
}

async function readBeats(
  swarm: Bus,
  subjects: Subjects,
  streams: StreamNames,
  clock: Clock,
): Promise<ReadAnswer> {
  const page = await swarm.streams.page(streams.beat, {
    fromSeq: 1,
    subject: subjects.beat('*'),
    limit: 1_000,
  });
  const beats = page.messages.flatMap((stored) => {
    if (stored.payload.byteLength > BEAT_BYTES) return [];
    const decoded = tryDecode('Beat', stored);
    const agent = senderOf(stored.subject);
    if (!decoded.ok || agent === undefined) return [];
    return [{ agent, age_ms: Math.max(0, Math.round(clock.now() - stored.at)), beat: decoded.value }];
  });
  return { v: 1, kind: 'beats', beats };
}
