/**
 * Api: calls to the server's JetStream API (`$JS.API.…`), which only some connections may make. Knows the
 * envelope and the error numbers, not what the calls mean.
 */
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Requests } from './requests.ts';

/** The numbers of the server's refusals that are told apart. */
export const ApiCode = { noMessage: 10_037, streamMissing: 10_059, streamExists: 10_058 } as const;

const TIMEOUT_MS = 5_000;

interface Envelope {
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

export interface Api {
  /**
   * The answer to `verb` (`STREAM.INFO.X`), trusted to have the shape `T`. Errors: `stream-missing`,
   * `bus-refused` with `details.code` and `details.status`, `bus-forbidden`, `bus-timeout`, `bus-closed`.
   */
  call<T>(verb: string, body?: object, signal?: AbortSignal): Promise<T>;
}

export function createApi(requests: Requests): Api {
  return {
    async call<T>(verb: string, body?: object, signal?: AbortSignal): Promise<T> {
      const payload = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
      let answer: Envelope;
      try {
        const message = await requests.send(`$JS.API.${verb}`, payload, { timeoutMs: TIMEOUT_MS, signal });
        answer = message.json<Envelope>();
      } catch (error) {
        if (!isWaggleError(error, 'no-responder')) throw error;
        const description = 'JetStream does not answer; is it enabled for this account?';
        throw new WaggleError(
          'bus-refused',
          { what: verb, description, code: 503, status: 503 },
          { cause: error },
        );
      }
      if (answer.error === undefined) return answer as T;
      const { code: status = 0, err_code: code = status, description } = answer.error;
      if (code === ApiCode.streamMissing)
        throw new WaggleError('stream-missing', { stream: verb.split('.')[2] ?? verb });
      throw new WaggleError('bus-refused', { what: verb, description, code, status });
    },
  };
}

/** Whether `error` is the server's refusal with that number. */
export function isRefusal(error: unknown, code: number): boolean {
  return isWaggleError(error, 'bus-refused') && error.details['code'] === code;
}
