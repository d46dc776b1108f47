/**
 * A model's endpoint on loopback that answers by a script, for programs that believe to speak with a provider:
 * Anthropic's Messages, OpenAI's Responses and Chat Completions. It knows nothing of who asks, and reads no key.
 *
 * 1. A request that offers tools takes the next turn; one without takes none.
 * 2. Requests after the last turn are answered with a text that ends the conversation, and counted: `beyond`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { completionsStream } from './completions-stream.ts';
import { beginningOf } from './events.ts';
import { message, messagesStream } from './messages-stream.ts';
import { oneScript, type Playbook } from './playbook.ts';
import { responsesStream } from './responses-stream.ts';
import type { Asked, ErrorTurn, Line, Reply, ReportedUsage, Turn } from './script.ts';

export interface ModelEndpoint {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Requests of answers, in order. */
  readonly asked: readonly Asked[];
  /** Method and path of all other requests. */
  readonly others: readonly string[];
  /** Hosts elsewhere that were asked for, by a program that takes this endpoint for its proxy. None is reached. */
  readonly strangers: readonly string[];
  /** What was said of usage with each turn that was said to its end. */
  readonly reported: readonly ReportedUsage[];
  /** Turns that nobody has asked for yet. */
  left(): number;
  /** Requests with tools that found no turn left. */
  beyond(): number;
  close(): Promise<void>;
}

/** Stands in where a request names no host, as requests to a server do, and those to a proxy don't. */
const OWN = 'http://here';

const STREAMS: Readonly<Record<string, (reply: Reply) => string>> = {
  '/v1/messages': messagesStream,
  '/v1/responses': responsesStream,
  '/v1/chat/completions': completionsStream,
};

/** Listens on a free port. The caller closes it. */
export async function startModelEndpoint(answers: readonly Line[] | Playbook): Promise<ModelEndpoint> {
  const playbook = 'next' in answers ? answers : oneScript(answers);
  const asked: Asked[] = [];
  const others: string[] = [];
  const strangers: string[] = [];
  const reported: ReportedUsage[] = [];
  let beyond = 0;

  const nextTurn = (one: Asked): Turn => {
    const turn = playbook.next(one);
    if (turn === undefined) beyond += 1;
    return turn ?? { kind: 'text', text: 'The script is over.' };
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { host, pathname: path } = new URL(request.url ?? '/', OWN);
    if (host !== new URL(OWN).host) {
      strangers.push(host);
      return json(response, 403, {});
    }
    const said = await text(request);
    const stream = STREAMS[path];
    if (request.method !== 'POST' || stream === undefined) {
      others.push(`${request.method} ${path}`);
      return answerOther(path, said, response);
    }
    const body = JSON.parse(said);
    const isAside = !Array.isArray(body.tools) || body.tools.length === 0;
    const one = { path, headers: request.headers, body, isAside };
    asked.push(one);
    const turn = nextTurn(one);
    if (turn.kind === 'error') return answerError(turn, response);
    // No two of the first turns report the same, so that sums tell which were counted.
    const usage = { input: 1_000 + 2 ** Math.min(asked.length, 12), output: 10 + asked.length };
    const reply = { id: `r${asked.length}`, model: String(body.model), usage };
    const head = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
    if (turn.kind === 'stall') {
      response.writeHead(200, head);
      response.write(beginningOf(stream({ ...reply, turn: { kind: 'text', text: turn.text } })));
      return;
    }
    if (!isAside) reported.push(usage);
    if (body.stream !== true && path === '/v1/messages')
      return json(response, 200, message({ ...reply, turn }));
    response.writeHead(200, head);
    response.end(stream({ ...reply, turn }));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      others.push(`failed: ${error}`);
      response.destroy();
    });
  });
  server.on('connect', ({ url }, socket) => {
    strangers.push(url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    others,
    strangers,
    reported,
    left: () => playbook.left(),
    beyond: () => beyond,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerOther(path: string, said: string, response: ServerResponse): void {
  const unknown = { type: 'error', error: { type: 'not_found_error', message: `no ${path} here` } };
  if (path === '/v1/messages/count_tokens') json(response, 200, { input_tokens: Math.ceil(said.length / 4) });
  // Programs ask `HEAD /` whether anybody is there; a list of models nobody needs.
  else if (path === '/') json(response, 200, {});
  else json(response, 404, unknown);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function answerError(turn: ErrorTurn, response: ServerResponse): void {
  const type = ERROR_TYPES[turn.status] ?? 'api_error';
  const error = { type, code: type, message: turn.message };
  json(response, turn.status, { type: 'error', error }, turn.headers);
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
