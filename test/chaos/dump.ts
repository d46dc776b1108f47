/**
 * What is kept of a run that broke a rule, for whoever looks into it: streams, what passed, and what struck whom when.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageName } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Tape } from './tape.ts';
import type { Struck } from './trouble.ts';

const names: readonly MessageName[] = [
  'Batch',
  'Mail',
  'Beat',
  'Claim',
  'ClaimAnswer',
  'Command',
  'CommandAnswer',
];

/** Writes `streams.jsonl`, `wire.jsonl` and `faults.json` into the swarm's folder. */
export async function dump(folder: string, tape: Tape, struck: readonly Struck[]): Promise<void> {
  const stored = tape.stored.map(({ stream, seq, at, subject, ...message }) =>
    JSON.stringify({ stream, seq, at, subject, message: readable(message) }),
  );
  const passed = tape.passed.map(({ at, subject, replyTo, ...message }) =>
    JSON.stringify({ at, subject, replyTo, message: readable(message) }),
  );
  await writeFile(join(folder, 'streams.jsonl'), `${stored.join('\n')}\n`);
  await writeFile(join(folder, 'wire.jsonl'), `${passed.join('\n')}\n`);
  await writeFile(join(folder, 'faults.json'), JSON.stringify(struck, undefined, 2));
}

function readable(message: Parameters<typeof tryDecode>[1]): unknown {
  for (const name of names) {
    const decoded = tryDecode(name, message);
    if (decoded.ok) return decoded.value;
  }
  return Buffer.from(message.payload).toString('base64');
}
