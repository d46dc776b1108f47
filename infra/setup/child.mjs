/**
 * Runs one child to its end. Signals pass through, so that nothing outlives us half done.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Gives `{ code, signal, output }`: the exit code as a shell would say it (128 + n after a signal), the signal
 * that we passed on, and what the child wrote when `quiet`. Rejects when the program cannot start.
 */
export function runChild(program, args, { cwd, env, quiet = false }) {
  return new Promise((resolve, reject) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(program, args, { cwd, env, stdio });
    let forwarded;
    const forward = (signal) => {
      forwarded = signal;
      // On a terminal Ctrl-C reaches the child by itself; twice would mean "at once".
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    let output = '';
    const keep = (chunk) => {
      output += chunk.toString('utf8');
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const settle = (act) => {
      for (const signal of FORWARDED) process.removeListener(signal, forward);
      act();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', (code, signal) =>
      settle(() =>
        resolve({ code: code ?? 128 + (constants.signals[signal] ?? 1), signal: forwarded, output }),
      ),
    );
  });
}
