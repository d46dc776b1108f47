/**
 * What the set-up says: one line a step on standard error, so that standard output stays the program's.
 */

/** A fault that a person can mend: its message is all there is to show. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs `work` and says how long it took. */
export async function step(name, work) {
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  const live = process.stderr.isTTY === true;
  if (live) process.stderr.write(`waggle: ${name} …`);
  const say = (end) => process.stderr.write(`${live ? '\r\u001b[K' : ''}waggle: ${name} ${end}\n`);
  try {
    const result = await work();
    say(`ready (${seconds()} s)`);
    return result;
  } catch (error) {
    say(`failed (${seconds()} s)`);
    throw error;
  }
}
