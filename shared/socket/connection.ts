/**
 * One connection of the agent's socket: requests answered one after the other, in order, until the peer has sent its
 * last; a watch takes the connection over and lasts until one of the two is gone.
 *
 * 1. Whatever a request holds, it is answered with a line; only one that is too long, and a reader that takes nothing,
 *    end the connection.
 * 2. A `send` is answered after its mail is stored.
 * 3. What waits for a peer is bounded, however slow it is: nothing is fetched before the last line has found room; and
 *    few of all peers' long answers are in memory at once.
 */
import type { Socket } from 'node:net';
import type PQueue from 'p-queue';
import type { SocketLine, SocketRequest } from '../../schemas/index.ts';
import { taskVerbs } from '../agent/task-verbs.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Watched } from '../mail/desk.ts';
import { mailVerbs, type VerbArgs } from '../mail/mail-verbs.ts';
import type { RandomId } from '../random.ts';
import { LineReader } from './line-reader.ts';
import { LineWriter, PeerGone, PeerStalled } from './line-writer.ts';
import { refusal, refusalLine } from './refusal.ts';
import { type RequestRules, readRequest } from './request.ts';
import type { Seat, Seats } from './seats.ts';
import { sendMail } from './send.ts';
import { begun, readWatch, watchedMail } from './watching.ts';

export interface ConnectionOptions extends RequestRules {
  readonly seats: Seats;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  /** Longest line from a peer, without its break. */
  readonly lineBytes: number;
  /** The requests whose answers may be long, of all connections: as many at once as it lets. */
  readonly lists: PQueue;
  /** How often a watch that has nothing to say says so. */
  readonly pingMs: number;
  /** How long a reader may take nothing. */
  readonly stallMs: number;
}

/** How long a connection that was given up waits for its peer to read why. */
const LINGER_MS = 5_000;

/** Serves a connection to its end. Never rejects; the signal, which is this connection's own, ends it at once. */
export async function serveConnection(
  socket: Socket,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  const over = end.signal;
  const onOver = () => {
    end.abort();
    socket.destroy();
  };
  socket.on('close', onOver);
  // Its `close` follows; what a peer does to its end of the line is no news.
  socket.on('error', () => {});
  const reader = new LineReader(socket, options.lineBytes);
  const writer = new LineWriter(socket, options);
  signal.addEventListener('abort', onOver, { once: true });
  if (signal.aborted) onOver();
  try {
    while (!over.aborted) {
      const read = await reader.next();
      if (read.kind === 'end') break;
      if (read.kind === 'too-long') {
        const message = `a line may have at most ${options.lineBytes} bytes`;
        await writer.write(refusalLine(refusal('too_large', message, 'mail-invalid'), undefined));
        await linger(socket, reader, options);
        return;
      }
      const isOpen = await serveLine(read.text, { socket, reader, writer, options, over });
      if (!isOpen) return;
    }
  } catch (error) {
    if (error instanceof PeerStalled) await stalled(socket, reader, options);
    else if (!(error instanceof PeerGone) && !over.aborted) {
      options.log.warn({ reason: messageOf(error) }, 'a connection of the agent socket failed');
    }
  } finally {
    await ended(socket, options);
    signal.removeEventListener('abort', onOver);
  }
}

interface Line {
  readonly socket: Socket;
  readonly reader: LineReader;
  readonly writer: LineWriter;
  readonly options: ConnectionOptions;
  readonly over: AbortSignal;
}

/** Whether more requests may come. */
async function serveLine(text: string, line: Line): Promise<boolean> {
  const { writer, options, over } = line;
  const reading = readRequest(text, options);
  if (!reading.ok) {
    await writer.write(refusalLine(reading.error, reading.reqId));
    return true;
  }
  const { request } = reading;
  if (!longAnswers.has(request.cmd)) return serveRequest(request, line);
  // Until it has been taken, its answer has its place: for as long as its peer may take nothing.
  const served = await options.lists.add(() => serveRequest(request, line), { signal: over });
  return served === true;
}

const longAnswers: ReadonlySet<string> = new Set([
  'mail.log',
  'mail.inbox',
  'mail.search',
  'mail.thread',
  'mail.dead_letters',
  'mail.trace',
  'who',
  'topics',
]);

/** Whether more requests may come. */
async function serveRequest(request: SocketRequest, line: Line): Promise<boolean> {
  const { writer, options, over } = line;
  const { req_id: reqId } = request;
  let answer: SocketLine;
  try {
    const seat = await options.seats.take(request.agent);
    try {
      if (request.cmd === 'watch' || request.cmd === 'mail.watch')
        return await serveWatch(seat, request, line);
      const told = await answerTo(seat, request, line);
      const notice = seat.notice?.();
      answer = notice === undefined ? told : { ...told, notice };
    } finally {
      seat.release();
    }
  } catch (error) {
    if (error instanceof PeerGone || error instanceof PeerStalled || over.aborted) throw error;
    answer = refusalLine(error, reqId);
    if (answer.error.code === 'internal') {
      options.log.warn(
        { cmd: request.cmd.slice(0, 80), reason: messageOf(error) },
        'a request could not be answered',
      );
    }
  }
  await writer.write(answer);
  return true;
}

type OkLine = Extract<SocketLine, { ok: true }>;

const answered = (reqId: string | undefined, more: { id?: string; result?: unknown } = {}) => ({
  ok: true as const,
  ...(more.id === undefined ? {} : { id: more.id }),
  ...(reqId === undefined ? {} : { req_id: reqId }),
  ...(more.result === undefined ? {} : { result: more.result }),
});

async function answerTo(seat: Seat, request: SocketRequest, { options, over }: Line): Promise<OkLine> {
  const { cmd, req_id: reqId, args = {} } = request;
  const { mail, tasks } = seat;
  const { clock, randomId } = options;
  switch (cmd) {
    case 'send': {
      const record = await sendMail(mail, request, randomId, over);
      return answered(reqId, { id: record.id, result: record });
    }
    case 'ping':
      return answered(reqId);
    case 'whoami':
      return answered(reqId, { result: { agent: mail.agent, project: mail.project } });
    case 'relay':
      throw refusal(
        'invalid_request',
        'relay is not served here: every agent of the project is on one bus',
        'refused',
      );
    default:
  }
  if (isOne(mailVerbs, cmd)) {
    return answered(reqId, { result: await perform(mailVerbs[cmd], mail, args, clock, over) });
  }
  if (!isOne(taskVerbs, cmd)) throw refusal('invalid_request', 'unknown cmd');
  if (tasks === undefined)
    throw refusal('invalid_request', 'no task is worked on over this socket', 'refused');
  return answered(reqId, { result: await perform(taskVerbs[cmd], tasks, args, clock, over) });
}

const isOne = <T extends object>(table: T, cmd: string): cmd is keyof T & string => Object.hasOwn(table, cmd);

/** A row reads what it then calls with. */
interface Performable<Port> {
  read(args: VerbArgs, now: number): unknown;
  call(port: Port, input: never, signal: AbortSignal): Promise<unknown>;
}

function perform<Port>(
  row: Performable<Port>,
  port: Port,
  args: VerbArgs,
  clock: Clock,
  signal: AbortSignal,
): Promise<unknown> {
  return row.call(port, row.read(args, clock.now()) as never, signal);
}

/** Says what comes until one of the two is gone. Never more requests after it: false. */
async function serveWatch(seat: Seat, request: SocketRequest, line: Line): Promise<boolean> {
  const { reader, writer, options, over } = line;
  const asked = readWatch(request, seat.mail.agent, options.clock.now());
  const watch = await begun(seat.mail, asked, over);
  const left = new AbortController();
  const { signal } = left;
  const onOver = () => left.abort();
  over.addEventListener('abort', onOver, { once: true });
  if (over.aborted) onOver();
  // Whatever else the peer says is not listened to; that it has left is.
  reader.drop().then(() => left.abort());
  const mails = watchedMail(seat.mail, watch, signal);
  const { after } = watch;
  try {
    const isOurs = request.cmd === 'mail.watch';
    await writer.write(answered(request.req_id, isOurs ? { result: { after } } : {}));
    await say(mails, writer, options, signal);
  } catch (error) {
    if (error instanceof PeerGone || error instanceof PeerStalled || signal.aborted) throw error;
    await writer.write(refusalLine(error, request.req_id));
  } finally {
    left.abort();
    over.removeEventListener('abort', onOver);
    await mails.return(undefined).catch(() => undefined);
  }
  await linger(line.socket, reader, options);
  return false;
}

async function say(
  mails: AsyncGenerator<Watched>,
  writer: LineWriter,
  { clock, pingMs }: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const pulse = () =>
    clock.sleep(pingMs, signal).then(
      () => 'ping' as const,
      () => 'over' as const,
    );
  let due = pulse();
  for (let next = mails.next(); ; ) {
    // Awaited in the end, which may come later than its failure.
    next.catch(() => undefined);
    const got = await Promise.race([next, due]);
    if (got === 'over') return;
    if (got === 'ping') {
      // What is to be said is said first: nothing waits.
      await writer.write({ event: 'ping', lag: 0 });
      due = pulse();
    } else {
      if (got.done === true) return;
      await writer.write({ msg: got.value.record, lag: got.value.lag });
      next = mails.next();
    }
  }
}

/** Tells a reader that takes nothing why it is left, for as long as it might still look. */
async function stalled(socket: Socket, reader: LineReader, options: ConnectionOptions): Promise<void> {
  const seconds = Math.round(options.stallMs / 1_000);
  const message = `nothing was read for ${seconds} s; ask again with since, from the last id that was read`;
  const line: SocketLine = refusalLine(refusal('backpressure', message, 'refused'), undefined);
  const told = { ...line, error: { ...line.error, retryable: true } };
  if (!socket.writable) return;
  socket.write(`${JSON.stringify(told)}\n`);
  await linger(socket, reader, { ...options, lingerMs: options.stallMs });
}

/** Ends the writing side and waits until the peer has left, or long enough. */
async function linger(
  socket: Socket,
  reader: LineReader,
  { clock, lingerMs = LINGER_MS }: Pick<ConnectionOptions, 'clock'> & { readonly lingerMs?: number },
): Promise<void> {
  const done = new AbortController();
  socket.end();
  const left = reader.drop();
  const patience = clock.sleep(lingerMs, done.signal).catch(() => undefined);
  await Promise.race([left, patience]);
  done.abort();
  socket.destroy();
}

/** What was answered is sent, if the peer takes it; then the socket is closed. */
async function ended(
  socket: Socket,
  { clock, stallMs }: Pick<ConnectionOptions, 'clock' | 'stallMs'>,
): Promise<void> {
  if (!socket.destroyed) {
    const done = new AbortController();
    socket.once('close', () => done.abort());
    socket.end(() => done.abort());
    await clock.sleep(stallMs, done.signal).catch(() => undefined);
  }
  socket.destroy();
}
