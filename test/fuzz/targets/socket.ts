/**
 * What peers say over the agent's socket: lines, requests, the arguments of every verb, and the answers that a client
 * reads.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { SocketLine } from '../../../schemas/index.ts';
import { check } from '../../../schemas/index.ts';
import { listedTools, readArguments, toolNamed } from '../../../services/cli/mcp/listed-tools.ts';
import { taskVerbs } from '../../../shared/agent/task-verbs.ts';
import { errorTable, isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { mailVerbs, watchArgs } from '../../../shared/mail/mail-verbs.ts';
import { LineReader } from '../../../shared/socket/line-reader.ts';
import { errorOf, refusalLine, SocketRefusal } from '../../../shared/socket/refusal.ts';
import { readRequest } from '../../../shared/socket/request.ts';
import { readWatch } from '../../../shared/socket/watching.ts';
import { goldenOf } from '../samples.ts';
import { bytesTarget, type Target, textTarget } from '../target.ts';

const NOW = Date.UTC(2026, 1, 9, 12);
const requests = goldenOf('SocketRequest').map((one) => JSON.stringify(one));
const lines = goldenOf('SocketLine').map((one) => JSON.stringify(one));

const isSocketRefusal = (error: unknown): boolean => error instanceof SocketRefusal || isWaggleError(error);

/** A request as far as the connection reads it before it asks anybody. */
function served(text: string): unknown {
  const reading = readRequest(text, { project: 'demo', needsProject: false });
  if (!reading.ok) return answered(refusalLine(reading.error, reading.reqId));
  const { request } = reading;
  const { cmd, args = {} } = request;
  if (cmd === 'watch' || cmd === 'mail.watch') return readWatch(request, 'alice', NOW);
  const verbs: Readonly<
    Record<string, { read(args: Readonly<Record<string, unknown>>, now: number): unknown }>
  > = {
    ...mailVerbs,
    ...taskVerbs,
  };
  return Object.hasOwn(verbs, cmd) ? verbs[cmd]?.read(args, NOW) : undefined;
}

/** What is answered must be a line of the contract. */
function answered(line: SocketLine): SocketLine {
  const checked = check('SocketLine', JSON.parse(JSON.stringify(line)));
  if (!checked.ok) throw new Error(`the answer is none: ${checked.fault}`);
  return line;
}

const verbs = [...Object.keys(mailVerbs), ...Object.keys(taskVerbs), 'watch', 'mail.watch'];
const sampleArgs =
  '{"target":"@bob","from":"alice","limit":5,"since":"1h30m","id":"20260209-120000-0003","text":"x","name":"bee","title":"t","unread_only":true,"after":3}';

const LIMIT = 4 * 1024;

/** Bytes as a socket would give them. */
class Peer extends EventEmitter {
  pause(): void {}
  resume(): void {}
}

async function readLines(input: Uint8Array, cut: number): Promise<{ reader: LineReader; said: string[] }> {
  const peer = new Peer();
  const reader = new LineReader(peer as unknown as Socket, LIMIT);
  for (let at = 0; at < input.length; at += cut) peer.emit('data', Buffer.from(input.subarray(at, at + cut)));
  peer.emit('end');
  const said: string[] = [];
  for (;;) {
    const read = await reader.next();
    if (read.kind === 'end') return { reader, said };
    if (read.kind === 'too-long') return { reader, said: [...said, read.kind] };
    if (Buffer.byteLength(read.text) > 3 * LIMIT) throw new Error('a line above the limit');
    said.push(read.text);
  }
}

export const socketTargets: readonly Target[] = [
  bytesTarget(
    'socket-lines',
    'peers on the socket',
    requests.map((one) => `${one}\n`),
    async (input) => {
      const whole = await readLines(input, Math.max(1, input.length));
      const pieces = await readLines(input, input.length > LIMIT ? 777 : 1);
      if (whole.said.join('\n') !== pieces.said.join('\n'))
        throw new Error('cut elsewhere it says something else');
      return pieces.reader;
    },
    { most: 1024 * 1024, keeps: { each: 0, besides: 300 * 1024 } },
  ),
  textTarget(
    'socket-request',
    'peers on the socket',
    [...requests, ...verbs.map((cmd) => `{"cmd":"${cmd}","agent":"alice","args":${sampleArgs}}`)],
    served,
    { words: ['"cmd":', '"args":', '"since":', '1h', '1.', '"limit":'], isRefusal: isSocketRefusal },
  ),
  textTarget(
    'socket-watch',
    'peers on the socket',
    ['{"target":"@bob","after":3}', '{"everything":true,"from":"alice"}'],
    (text) => watchArgs.read(objectIn(text)),
  ),
  textTarget(
    'socket-answer',
    'the socket of another Waggle',
    [
      ...lines,
      ...Object.keys(errorTable).map(
        (code) =>
          `{"ok":false,"error":{"code":"internal","message":"a: b (c)","retryable":false,"cause":{"code":"${code}","exit_code":1}}}`,
      ),
      ...Object.entries(errorTable).map(([code, { message }]) =>
        JSON.stringify({
          ok: false,
          error: {
            code: 'internal',
            message,
            retryable: false,
            cause: { code: `${code}:why`, exit_code: 1 },
          },
        }),
      ),
    ],
    (text) => {
      const checked = check('SocketLine', objectIn(text));
      if (!checked.ok) throw new WaggleError('message-invalid', { name: 'SocketLine', fault: checked.fault });
      const line = checked.value;
      return 'ok' in line && !line.ok ? errorOf(line) : line;
    },
    { words: [': ', ' of ', '(', '; ', '"message":"', ' bytes '] },
  ),
  textTarget(
    'tool-arguments',
    'agents by MCP',
    listedTools.map(({ name }) => `{"name":"${name}","arguments":${sampleArgs}}`),
    (text) => {
      const { name, arguments: given } = objectIn(text);
      const tool = toolNamed(String(typeof name === 'string' ? name : ''));
      return tool === undefined ? undefined : readArguments(tool.name, given);
    },
    { words: ['"name":', '"arguments":', '"body":', '"tags":['] },
  ),
];

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
