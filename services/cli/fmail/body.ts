/**
 * The body of a message: what was typed, a file, or what is piped in.
 */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import type { Session } from '../session.ts';

/** More than a mail may be is not read: what is piped in may have no end. */
const MOST_BYTES = 1024 * 1024;

/**
 * The line break at the end of a file or pipe is not the message's. From a terminal nothing is read: the empty text.
 * A blank text beside a file is none, and so is a blank file name. Errors: `usage` for both a text and a file, `mail-invalid`.
 */
export async function readBody(
  { stdin, folder }: Session,
  message: string | undefined,
  given: string | undefined,
): Promise<string> {
  const file = given?.trim() === '' ? undefined : given;
  if (file !== undefined && (message ?? '').trim() !== '') {
    throw new WaggleError('usage', { message: 'expected a message or --file, got both' });
  }
  if (message !== undefined && file === undefined) return message;
  if (file === undefined || file === '-') return stdin.isTTY ? '' : readWhole(stdin);
  try {
    return await readWhole(createReadStream(resolve(folder, file)));
  } catch (error) {
    if (error instanceof WaggleError) throw error;
    throw new WaggleError('mail-invalid', { message: `read file: ${messageOf(error)}` }, { cause: error });
  }
}

async function readWhole(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    const buffer = Buffer.from(piece);
    bytes += buffer.byteLength;
    if (bytes > MOST_BYTES) throw new WaggleError('mail-invalid', { message: 'message exceeds 1MB limit' });
    pieces.push(buffer);
  }
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
