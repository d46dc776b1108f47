/**
 * Tries to take a state directory's lock at every line it reads, and prints what came of it. Holds what it
 * got until it is killed.
 */
import { createInterface } from 'node:readline';
import { isWaggleError } from '../../../../shared/errors.ts';
import { acquireStateLock } from '../../../../shared/process/state-lock.ts';
import { randomId } from '../../../../shared/random.ts';

const folder = process.argv[2]!;
process.stdout.write('ready\n');
for await (const _ of createInterface({ input: process.stdin })) {
  const answer = await acquireStateLock(folder, { randomId }).then(
    ({ generation, incarnation }) => ({ generation, incarnation }),
    (error: unknown) => ({ refused: isWaggleError(error) ? error.code : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
