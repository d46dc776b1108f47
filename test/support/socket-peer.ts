/**
 * A peer of the agent's socket as a script would be one: writes text, reads lines.
 */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
type Line = any;

export interface SocketPeer {
  readonly socket: Socket;
  /** Writes one line: an object as JSON, or a text as it is. */
  say(line: object | string): void;
  /** The next line from the server; undefined when it has said its last. */
  line(): Promise<Line | undefined>;
  /** Says one request and gives the next line. */
  ask(line: object | string): Promise<Line>;
  /** All lines until the server has said its last. */
  rest(): Promise<Line[]>;
  /** Reads nothing from here on, until `resume`. */
  stop(): void;
  resume(): void;
  close(): void;
}

export async function socketPeer(where: NetConnectOpts): Promise<SocketPeer> {
  const socket = connect({ ...where, allowHalfOpen: true });
  await once(socket, 'connect');
  const lines: Line[] = [];
  let left = '';
  let isEnded = false;
  let wake = () => {};
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const parts = (left + text).split('\n');
    left = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part));
    wake();
  });
  const onEnd = () => {
    isEnded = true;
    wake();
  };
  socket.on('end', onEnd);
  socket.on('close', onEnd);
  socket.on('error', () => {});
  const say = (line: object | string) => {
    socket.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  };
  const line = async () => {
    while (lines.length === 0 && !isEnded) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return lines.shift();
  };
  return {
    socket,
    say,
    line,
    ask(request) {
      say(request);
      return line();
    },
    async rest() {
      const all: Line[] = [];
      for (let next = await line(); next !== undefined; next = await line()) all.push(next);
      return all;
    },
    stop: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.destroy(),
  };
}
