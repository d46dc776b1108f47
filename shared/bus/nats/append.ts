/**
 * Append: a publish whose answer is the stream's PubAck. Needs the right to publish there and none on `$JS.API`, and
 * nothing of the JetStream library, whose loading would be a third of what a short command takes.
 *
 * Unknown, never no: `bus-timeout`, and `bus-closed` unless its `details.sent` is false. A PubAck never comes
 * from a stream with `noAck`: use `publish` there.
 */
import type { Msg } from 'nats';
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Appended, AppendOptions, Headers, Payload } from '../port.ts';
import { encodeHeaders } from './message.ts';
import type { Requests } from './requests.ts';

/** Milliseconds an append waits for the server's word unless told otherwise. */
const APPEND_TIMEOUT_MS = 5_000;

/** The server's error codes (nats-server, `server/errors.json`); the second since 2.12. */
const WRONG_LAST_SEQUENCE: readonly number[] = [10_071, 10_164];
const IN_PROCESS = 10_158;

/** Errors: `wrong-last-sequence`, `stream-missing`, `bus-refused`, and those of `Requests.send` but `no-responder`. */
export async function append(
  requests: Requests,
  subject: string,
  payload: Payload,
  options: AppendOptions = {},
): Promise<Appended> {
  const timeoutMs = options.timeoutMs ?? APPEND_TIMEOUT_MS;
  const what = `append to ${subject}`;
  const headers = encodeHeaders({ ...options.headers, ...expectations(options) });
  let answer: Msg;
  try {
    answer = await requests.send(subject, payload, { timeoutMs, headers });
  } catch (error) {
    if (isWaggleError(error, 'bus-timeout'))
      throw new WaggleError('bus-timeout', { what, timeoutMs }, { cause: error });
    if (!isWaggleError(error, 'no-responder')) throw error;
    throw new WaggleError('stream-missing', { stream: `for ${subject}` }, { cause: error });
  }
  const word = readWord(answer);
  if (word === undefined) {
    // Somebody else answered: whether the stream has it is unknown.
    throw new WaggleError('bus-timeout', { what, timeoutMs, description: 'the answer is no PubAck' });
  }
  if (!('code' in word)) return word;
  const { code, status, description } = word;
  if (WRONG_LAST_SEQUENCE.includes(code)) {
    const expected = options.expectLastSeq ?? options.expectLastSubjectSeq;
    throw new WaggleError('wrong-last-sequence', { subject, expected, description });
  }
  // A copy with the same id is being stored this moment: how that ends is unknown.
  if (code === IN_PROCESS) throw new WaggleError('bus-timeout', { what, timeoutMs, description });
  throw new WaggleError('bus-refused', { what, description, code, status });
}

/** Header names: https://docs.nats.io/nats-concepts/jetstream/headers */
function expectations({ messageId, expectLastSeq, expectLastSubjectSeq }: AppendOptions): Headers {
  return {
    ...(messageId === undefined ? {} : { 'Nats-Msg-Id': messageId }),
    ...(expectLastSeq === undefined ? {} : { 'Nats-Expected-Last-Sequence': String(expectLastSeq) }),
    ...(expectLastSubjectSeq === undefined
      ? {}
      : { 'Nats-Expected-Last-Subject-Sequence': String(expectLastSubjectSeq) }),
  };
}

interface Refusal {
  readonly code: number;
  readonly status: number;
  readonly description: string;
}

/** The PubAck or the refusal that a message holds; undefined when it is neither. */
function readWord(message: Msg): Appended | Refusal | undefined {
  let word: unknown;
  try {
    word = message.json();
  } catch {
    return undefined;
  }
  if (typeof word !== 'object' || word === null) return undefined;
  const { stream, seq, duplicate, error } = word as Readonly<Record<string, unknown>>;
  if (typeof error === 'object' && error !== null) {
    const { code, err_code: errorCode, description } = error as Readonly<Record<string, unknown>>;
    return {
      code: typeof errorCode === 'number' ? errorCode : 0,
      status: typeof code === 'number' ? code : 0,
      description: String(description),
    };
  }
  if (typeof stream !== 'string' || stream === '' || typeof seq !== 'number') return undefined;
  return { stream, seq, duplicate: duplicate === true };
}
