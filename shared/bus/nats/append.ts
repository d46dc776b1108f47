/**
 * Append: a publish whose answer is the stream's PubAck. A plain request with headers, so it needs the right to
 * publish there and none on `$JS.API`; the client's own publish would wait out its timeout on a lost connection.
 *
 * Unknown, never no: `bus-timeout`, and `bus-closed` unless its `details.sent` is false. A PubAck never comes
 * from a stream with `noAck`: use `publish` there.
 */
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Appended, AppendOptions, Headers, Payload } from '../port.ts';
import type { Requests } from './requests.ts';

/** Milliseconds an append waits for the server's word unless told otherwise. */
const APPEND_TIMEOUT_MS = 5_000;

const WRONG_LAST_SEQUENCE = [10_071, 10_164];
const IN_PROCESS = 10_158;

interface PubAck {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly duplicate?: unknown;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** Errors: `wrong-last-sequence`, `stream-missing`, `bus-refused`, and those of `Requests.send` but `no-responder`. */
export async function append(
  requests: Requests,
  subject: string,
  payload: Payload,
  options: AppendOptions = {},
): Promise<Appended> {
  const timeoutMs = options.timeoutMs ?? APPEND_TIMEOUT_MS;
  const what = `append to ${subject}`;
  let answer: PubAck;
  try {
    const message = await requests.send(subject, payload, { timeoutMs, headers: headersOf(options), what });
    answer = message.json<PubAck>();
  } catch (error) {
    if (isWaggleError(error, 'no-responder'))
      throw new WaggleError('stream-missing', { stream: `for ${subject}` }, { cause: error });
    // Somebody else answered: whether the stream has it is unknown.
    if (error instanceof SyntaxError)
      throw new WaggleError('bus-timeout', { what, timeoutMs }, { cause: error });
    throw error;
  }
  if (answer.error !== undefined) throw refusal(answer.error, subject, options, timeoutMs);
  const { stream, seq } = answer;
  if (typeof stream !== 'string' || typeof seq !== 'number')
    throw new WaggleError('bus-timeout', { what, timeoutMs });
  return { stream, seq, duplicate: answer.duplicate === true };
}

function headersOf(options: AppendOptions): Headers {
  return {
    ...options.headers,
    ...(options.expectLastSeq === undefined
      ? {}
      : { 'Nats-Expected-Last-Sequence': String(options.expectLastSeq) }),
    ...(options.expectLastSubjectSeq === undefined
      ? {}
      : { 'Nats-Expected-Last-Subject-Sequence': String(options.expectLastSubjectSeq) }),
    ...(options.messageId === undefined ? {} : { 'Nats-Msg-Id': options.messageId }),
  };
}

function refusal(
  error: NonNullable<PubAck['error']>,
  subject: string,
  options: AppendOptions,
  timeoutMs: number,
): WaggleError {
  const { err_code: code = 0, description } = error;
  const what = `append to ${subject}`;
  if (WRONG_LAST_SEQUENCE.includes(code)) {
    const expected = options.expectLastSeq ?? options.expectLastSubjectSeq;
    return new WaggleError('wrong-last-sequence', { subject, expected, description });
  }
  // A copy with the same id is being stored this moment: how that ends is unknown.
  if (code === IN_PROCESS) return new WaggleError('bus-timeout', { what, timeoutMs, description });
  return new WaggleError('bus-refused', { what, description, code, status: error.code });
}
