/**
 * The read service: hands out stored mail, file chunks, harness output and last beats to those who hold no
 * rights on the streams. Every orchestrator serves it, leading or not, in one queue group (DESIGN 2.2).
 *
 * A stored message that is no valid mail, chunk or beat counts as absent; so does one that would not fit an answer,
 * or one sender could keep everybody from reading on.
 */
import { CHUNK_BYTES, type Read, type ReadAnswer } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { serve } from '../../shared/bus/rpc.ts';
import { type Subjects, subjectsOf } from '../../shared/bus/subjects.ts';
import { type StreamNames, streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { assertNever, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { readBeats } from './read-beats.ts';
import { ANSWER_BYTES, readMails, upTo } from './read-mail.ts';
import { readSightings } from './read-sightings.ts';
import { readTopics } from './read-topics.ts';
import type { Refusals } from './refusals.ts';

export interface ReadServiceOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly refusals: Refusals;
}

const PAGE = 100;
/** Longest piece of output that is handed out. */
const PIECE_BYTES = 450_000;

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
  { swarm, project, clock }: ReadServiceOptions,
  subjects: Subjects,
  streams: StreamNames,
  request: Read,
): Promise<ReadAnswer> {
  switch (request.kind) {
    case 'mail':
      return readMails(swarm.streams, project, request);
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
      return readBeats(swarm.streams, project, clock);
    case 'topics':
      return readTopics(swarm.streams, project);
    case 'sightings':
      return readSightings(swarm.streams, project);
    default:
      return assertNever(request);
  }
}

async function readOutput(
  swarm: Bus,
  subjects: Subjects,
  streams: StreamNames,
  request: Extract<Read, { kind: 'output' }>,
): Promise<ReadAnswer> {
  const subject = subjects.output(request.agent, request.run ?? '*');
  const limit = Math.min(request.limit ?? PAGE, PAGE);
  const fromSeq = request.after + 1;
  const query = { fromSeq, subject, limit, maxBytes: ANSWER_BYTES };
  const page = await swarm.streams.page(streams.output, query);
  const { taken, scannedTo } = upTo(page.messages, page.scannedTo, limit);
  const chunks = taken.flatMap((stored) => {
    if (stored.payload.byteLength > PIECE_BYTES) return [];
    const decoded = tryDecode('Output', stored);
    const run = stored.subject.split('.')[4];
    return decoded.ok && run !== undefined
      ? [{ seq: stored.seq, run, at: stored.at, text: decoded.value.text }]
      : [];
  });
  return { v: 1, kind: 'output', chunks, scanned_to: scannedTo, last: page.lastSeq };
}
