/**
 * A pipe for a child's output. What Node calls a pipe is a socket, and on Linux a socket cannot be opened
 * by name: every script with `> /dev/stderr` would fail. So there the child gets a real one, a fifo that
 * loses its name as soon as both ends are open. macOS opens sockets by name: Node's own will do.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface RealPipe {
  readonly reader: Socket;
  /** The descriptor for the child. */
  readonly writeFd: number;
  /** To be called once the child has it, or never will: the reader then ends when the child's copies close. */
  closeWriter(): void;
}

/** As many pipes as asked for, or undefined where Node's own are as good or no fifo can be made. */
export async function openRealPipes(count: number): Promise<RealPipe[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'waggle-pipe-'));
  const pipes: RealPipe[] = [];
  try {
    const names = Array.from({ length: count }, (_, index) => join(folder, String(index)));
    await run('mkfifo', ['-m', '600', ...names]);
    for (const name of names) pipes.push(openFifo(name));
    return pipes;
  } catch {
    // No mkfifo, no room in the temporary folder: the program runs all the same, without /dev/stderr.
    for (const pipe of pipes) {
      pipe.closeWriter();
      pipe.reader.destroy();
    }
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function openFifo(name: string): RealPipe {
  const readFd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(name, constants.O_WRONLY);
  let open = true;
  return {
    reader: new Socket({ fd: readFd, readable: true, writable: false }),
    writeFd,
    closeWriter: () => {
      if (open) closeSync(writeFd);
      open = false;
    },
  };
}
