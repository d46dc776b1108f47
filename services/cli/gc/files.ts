/**
 * Chunks of FILES that nobody names any more.
 *
 * 1. A chunk goes only when no task of the board, no unconsumed report and no stored mail's body names its file. Of a
 *    closed task the body alone counts; whatever else could come back keeps all it names.
 * 2. What could go is listed first and who names it is asked afterwards, unconsumed mail before the board: a report
 *    that is consumed in between is seen in one of the two.
 * 3. Chunks go one by one by their sequence: one that was stored again meanwhile has another, and stays.
 * 4. What is younger than the longest outbox stays: its report may still lie on a worker's disk.
 */
import type { TaskView } from '../../../schemas/index.ts';
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import { isFault, readMail } from '../../../shared/bus/mailbox.ts';
import type { Stored } from '../../../shared/bus/port.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import { fetchTasks } from '../commands/task/listing.ts';
import type { Freed } from './freed.ts';
import { consumedMail, type GcScope } from './scope.ts';

interface Chunk {
  readonly seq: number;
  /** `<owner>.<sha256>`. */
  readonly file: string;
  readonly bytes: number;
}

const PAGE = 32;
const MAIL_PAGE = 200;

export async function freeFiles(scope: GcScope): Promise<Freed> {
  const { swarm, project, isDry, signal } = scope;
  const { files: name } = streamNames(project);
  const chunks = await oldChunks(scope);
  const named = chunks.length === 0 ? new Set<string>() : await namedFiles(scope);
  const loose = chunks.filter(({ file }) => !named.has(file));
  let count = 0;
  let bytes = 0;
  for (const chunk of loose) {
    signal.throwIfAborted();
    if (!isDry && !(await swarm.streams.remove(name, chunk.seq))) continue;
    count += 1;
    bytes += chunk.bytes;
  }
  return { kind: 'files', count, bytes, notes: [] };
}

async function oldChunks({ swarm, project, before, signal }: GcScope): Promise<Chunk[]> {
  const { files: name } = streamNames(project);
  const chunks: Chunk[] = [];
  for (let fromSeq = 1; ; ) {
    signal.throwIfAborted();
    const page = await swarm.streams.page(name, { fromSeq, limit: PAGE });
    for (const { seq, subject, payload, at } of page.messages) {
      // Oldest first.
      if (at >= before) return chunks;
      const [, , , owner, sha256] = subject.split('.');
      chunks.push({ seq, file: `${owner}.${sha256}`, bytes: payload.byteLength });
    }
    fromSeq = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
    if (fromSeq > page.lastSeq) return chunks;
  }
}

/** Every file that somebody may still ask for. */
async function namedFiles(scope: GcScope): Promise<Set<string>> {
  const named = new Set<string>();
  for (const file of await bodyFiles(scope)) named.add(file);
  for (const file of await reportedFiles(scope)) named.add(file);
  for (const view of await fetchTasks(scope.client, {}, scope.signal))
    for (const file of filesOfTask(view)) named.add(file);
  return named;
}

async function reportedFiles(scope: GcScope): Promise<string[]> {
  const subject = subjectsOf(scope.project).mailTo({ kind: 'agent', name: RESERVED_AGENT });
  const found: string[] = [];
  for await (const stored of mailFrom(scope, (await consumedMail(scope)) + 1, subject)) {
    const read = readMail(stored);
    if (!isFault(read)) found.push(...filesIn(read.mail.report));
  }
  return found;
}

/** Of the mails whose body was too long for a message. */
async function bodyFiles(scope: GcScope): Promise<string[]> {
  const found: string[] = [];
  for await (const stored of mailFrom(scope, 1)) {
    // Most mail has none: its checking is saved.
    if (!Buffer.from(stored.payload).includes('body_file')) continue;
    const read = readMail(stored);
    if (!isFault(read)) found.push(...filesIn(read.mail.body_file));
  }
  return found;
}

async function* mailFrom(
  { swarm, project, signal }: GcScope,
  first: number,
  subject?: string,
): AsyncGenerator<Stored> {
  const { mail: name } = streamNames(project);
  const choice = subject === undefined ? {} : { subject };
  for (let fromSeq = first; ; ) {
    signal.throwIfAborted();
    const page = await swarm.streams.page(name, { fromSeq, limit: MAIL_PAGE, ...choice });
    yield* page.messages;
    fromSeq = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
    if (fromSeq > page.lastSeq) return;
  }
}

/** The files that a task keeps. */
export function filesOfTask({ task }: Pick<TaskView, 'task'>): string[] {
  return filesIn(task.state === 'closed' ? task.body_file : task);
}

/** Whatever is a reference to a file, at any depth. */
function filesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { owner, sha256 } = value as Readonly<Record<string, unknown>>;
  const own = typeof owner === 'string' && typeof sha256 === 'string' ? [`${owner}.${sha256}`] : [];
  return [...own, ...Object.values(value).flatMap(filesIn)];
}
