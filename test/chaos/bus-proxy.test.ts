/**
 * The proxy between a service and the bus, before an echo in the bus's place.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/process-swarm.ts';
import { BusProxy } from './bus-proxy.ts';

let echo: Server;
let atBus: Socket[];
let proxy: BusProxy;
let clients: Client[];

interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
}

beforeEach(async () => {
  atBus = [];
  clients = [];
  echo = createServer((socket) => {
    atBus.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await BusProxy.open((echo.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await proxy.close();
  for (const socket of atBus) socket.destroy();
  echo.close();
  await once(echo, 'close');
});

async function client(): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const made = { socket, heard: () => text };
  clients.push(made);
  return made;
}

const hears = ({ heard }: Client, text: string) => until(`"${text}" to come back`, () => heard() === text);

test('what is said passes, in its order', async () => {
  const one = await client();
  for (const word of ['a', 'b', 'c']) one.socket.write(word);
  await hears(one, 'abc');
});

test('a cut ends every connection on both sides, and a new one passes', async () => {
  const one = await client();
  one.socket.write('a');
  await hears(one, 'a');
  expect(proxy.cut()).toBe(1);
  await until('both ends to be closed', () => one.socket.closed && (atBus[0]?.closed ?? false));
  const two = await client();
  two.socket.write('b');
  await hears(two, 'b');
});

test('what is late keeps its order, also when the weather clears meanwhile', async () => {
  const one = await client();
  const clear = proxy.become({ kind: 'delay', ms: 150 });
  const begunAt = performance.now();
  one.socket.write('a');
  await until('the word to wait', () => proxy.waitingBytes === 1);
  clear();
  one.socket.write('b');
  await hears(one, 'ab');
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(140);
});

test('bytes vanish while both sockets stay open, and the connection ends when the fault does', async () => {
  const one = await client();
  one.socket.write('a');
  await hears(one, 'a');
  const clear = proxy.become({ kind: 'half-open', lost: 'up', reach: 'standing' });
  one.socket.write('lost');
  await until('the bytes to be lost', () => proxy.lostBytes === 4);
  expect(one.socket.closed || atBus[0]?.closed).toBe(false);
  // Who gives up is not heard either.
  one.socket.destroy();
  const two = await client();
  two.socket.write('b');
  await hears(two, 'b');
  expect(atBus[0]?.closed).toBe(false);
  clear();
  await until('the broken connection to end', () => atBus[0]?.closed ?? false);
  two.socket.write('c');
  await hears(two, 'bc');
});

test('answers alone can vanish, of connections that are made meanwhile, too', async () => {
  proxy.become({ kind: 'half-open', lost: 'down', reach: 'all' });
  const one = await client();
  const got: string[] = [];
  await until('the bus to have a connection', () => atBus.length === 1);
  atBus[0]?.on('data', (chunk) => got.push(String(chunk)));
  one.socket.write('a');
  await until('the word to arrive', () => got.join('') === 'a' && proxy.lostBytes === 1);
  expect(one.heard()).toBe('');
});

test('a bus that is away ends the connection of whoever comes', async () => {
  for (const socket of atBus) socket.destroy();
  echo.close();
  await once(echo, 'close');
  const one = await client();
  await until('the connection to end', () => one.socket.closed);
  echo = createServer().listen(0, '127.0.0.1');
  await once(echo, 'listening');
});
