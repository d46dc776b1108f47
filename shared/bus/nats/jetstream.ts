/**
 * JetStream: the library for it over this connection, with its errors as ours. Knows no call's meaning.
 *
 * The library's requests go through `Requests`: the client's own know no abort, and let a caller wait out the
 * timeout when the connection is lost.
 */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Link } from './link.ts';
import type { Requests } from './requests.ts';

const TIMEOUT_MS = 5_000;

/** One or more calls of the server's API. */
export type Call<T> = (manager: JetStreamManager) => Promise<T>;

export interface JetStream {
  /**
   * What `call` gets from the server's API; an error says `<verb> of stream <stream>`. Errors:
   * `stream-missing`, `bus-refused` with `details.code` and `details.status`, `bus-forbidden`, `bus-timeout`,
   * `bus-closed`, the signal's reason.
   */
  ask<T>(verb: string, stream: string, call: Call<T>, signal?: AbortSignal): Promise<T>;
}

export function createJetStream(link: Link, requests: Requests): JetStream {
  return {
    async ask(verb, stream, call, signal) {
      const options = { checkAPI: false, timeout: TIMEOUT_MS };
      const manager = await jetstreamManager(withRequests(link.client, requests, signal), options);
      try {
        return await call(manager);
      } catch (error) {
        throw translate(error, `${verb} of stream ${stream}`, stream);
      }
    },
  };
}

/** The server's refusal in `error`, which the library wraps when JetStream is off. */
function refusalIn(error: unknown): JetStreamApiError | undefined {
  if (error instanceof JetStreamApiError) return error;
  return error instanceof Error && error.cause instanceof JetStreamApiError ? error.cause : undefined;
}

/** The client, but for its requests. */
function withRequests(client: NatsConnection, requests: Requests, signal?: AbortSignal): NatsConnection {
  const request: NatsConnection['request'] = (subject, payload = '', options) =>
    requests.send(subject, typeof payload === 'string' ? Buffer.from(payload) : payload, {
      timeoutMs: options?.timeout ?? TIMEOUT_MS,
      headers: options?.headers,
      signal,
    });
  return Object.create(client, { request: { value: request } });
}

function translate(error: unknown, what: string, stream: string): unknown {
  if (isWaggleError(error, 'no-responder')) {
    const description = 'JetStream does not answer; is it enabled for this account?';
    return new WaggleError('bus-refused', { what, description, code: 503, status: 503 }, { cause: error });
  }
  const refusal = refusalIn(error);
  if (refusal === undefined) return error;
  const { code, status, message: description } = refusal;
  if (code === JetStreamApiCodes.StreamNotFound)
    return new WaggleError('stream-missing', { stream }, { cause: error });
  return new WaggleError('bus-refused', { what, description, code, status }, { cause: error });
}
