/**
 * Bodies of mail that are longer than a message may carry: stored through FILES under the sender's name, and read
 * back by whoever gets the mail.
 *
 * 1. A mail never hides another: one whose body cannot be had any more says so in its place.
 * 2. A sender cannot make a reader fetch more than the longest mail.
 */
import { createHash } from 'node:crypto';
import type { FileRef, StoredMail } from '../../schemas/index.ts';
import { CHUNK_BYTES } from '../../schemas/limits.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import type { BusLink } from './bus-link.ts';
import { persist } from './patience.ts';

/** Longest body: that of a mail whose record has 1 MiB. */
const BODY_BYTES = 1024 * 1024;
const PATIENCE_MS = 15_000;

/** Stores the text; resolves when every chunk is. Storing it again changes nothing. Errors: the port's. */
export async function putBody(link: BusLink, text: string, signal?: AbortSignal): Promise<FileRef> {
  const { swarm, project, agent: owner, clock } = link;
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const chunks = Math.max(1, Math.ceil(bytes.byteLength / CHUNK_BYTES));
  const subjects = subjectsOf(project);
  const headers = { 'Content-Type': 'application/octet-stream' };
  for (let n = 0; n < chunks; n += 1) {
    const chunk = bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
    const subject = subjects.file(owner, sha256, n);
    await persist(() => swarm.append(subject, chunk, { headers }), {
      clock,
      patienceMs: PATIENCE_MS,
      signal,
    });
  }
  return { owner, sha256, size_bytes: bytes.byteLength, chunks };
}

/** The mail's body as text. Errors: the port's, where nobody answers. */
export async function bodyOf(link: BusLink, { mail }: StoredMail, signal?: AbortSignal): Promise<string> {
  const { body_file: file } = mail;
  if (file === undefined) return mail.body ?? '';
  if (file.size_bytes > BODY_BYTES || file.chunks !== Math.max(1, Math.ceil(file.size_bytes / CHUNK_BYTES))) {
    return `[a body of ${file.size_bytes} bytes: longer than a message may be]`;
  }
  try {
    return await getBody(link, file, signal);
  } catch (error) {
    const about = `the body of this message (${file.size_bytes} bytes)`;
    if (isWaggleError(error, 'file-absent')) return `[${about} is not stored any more]`;
    if (isWaggleError(error, 'file-damaged')) return `[${about} is damaged: it is not what was sent]`;
    throw error;
  }
}

async function getBody(link: BusLink, file: FileRef, signal?: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let n = 0; n < file.chunks; n += 1) {
    const part = await link.read((reader) => reader.chunk(file.owner, file.sha256, n, signal), signal);
    if (part === undefined) throw new WaggleError('file-absent', { ...file, chunk: n });
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== file.sha256) throw new WaggleError('file-damaged', { ...file, found });
  return bytes.toString('utf8');
}
