/**
 * Appending over a simulated connection: a publish whose answer is the stream's word. What counts as that word, and what
 * as unknown, is as over NATS (`../nats/append.ts`).
 */
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Appended, AppendOptions, Headers, Payload } from '../port.ts';
import type { Requests } from './requests.ts';
import type { Message } from './server.ts';

const APPEND_TIMEOUT_MS = 5_000;

export async function append(
  requests: Requests,
  subject: string,
  payload: Payload,
  options: AppendOptions = {},
): Promise<Appended> {
  const timeoutMs = options.timeoutMs ?? APPEND_TIMEOUT_MS;
  const what = `append to ${subject}`;
  let answer: Message;
  try {
    answer = await requests.send(subject, payload, appendHeaders(options), { timeoutMs });
  } catch (error) {
    if (isWaggleError(error, 'bus-timeout'))
      throw new WaggleError('bus-timeout', { what, timeoutMs }, { cause: error });
    if (!isWaggleError(error, 'no-responder')) throw error;
    throw new WaggleError('stream-missing', { stream: `for ${subject}` }, { cause: error });
  }
  const { stream, seq, duplicate, error } = wordOf(answer);
  if (error !== undefined) {
    const expected = options.expectLastSeq ?? options.expectLastSubjectSeq;
    throw new WaggleError('wrong-last-sequence', { subject, expected, description: String(error) });
  }
  if (typeof stream !== 'string' || stream === '' || typeof seq !== 'number')
    throw new WaggleError('bus-timeout', { what, timeoutMs, description: 'the answer is no PubAck' });
  return { stream, seq, duplicate: duplicate === true };
}

export function appendHeaders(options: AppendOptions): Headers {
  const { headers, messageId, expectLastSeq, expectLastSubjectSeq } = options;
  return {
    ...headers,
    ...(messageId === undefined ? {} : { 'Nats-Msg-Id': messageId }),
    ...(expectLastSeq === undefined ? {} : { 'Nats-Expected-Last-Sequence': String(expectLastSeq) }),
    ...(expectLastSubjectSeq === undefined
      ? {}
      : { 'Nats-Expected-Last-Subject-Sequence': String(expectLastSubjectSeq) }),
  };
}

function wordOf({ payload }: Message): Readonly<Record<string, unknown>> {
  try {
    const word: unknown = JSON.parse(Buffer.from(payload).toString());
    return typeof word === 'object' && word !== null ? (word as Record<string, unknown>) : {};
  } catch {
    // Not even JSON: somebody else answered.
    return {};
  }
}
