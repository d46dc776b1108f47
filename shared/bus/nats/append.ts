/**
 * Append: a publish whose answer is the stream's PubAck. Needs the right to publish there and none on `$JS.API`.
 *
 * Unknown, never no: `bus-timeout`, and `bus-closed` unless its `details.sent` is false. A PubAck never comes
 * from a stream with `noAck`: use `publish` there.
 */
import {
  JetStreamApiCodes,
  type JetStreamClient,
  JetStreamError,
  type JetStreamPublishOptions,
} from '@nats-io/jetstream';
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Appended, AppendOptions, Payload } from '../port.ts';
import { refusalIn } from './jetstream.ts';
import { encodeHeaders } from './message.ts';

/** Milliseconds an append waits for the server's word unless told otherwise. */
const APPEND_TIMEOUT_MS = 5_000;

const WRONG_LAST_SEQUENCE: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];
const IN_PROCESS = 10_158;

type Settings = AppendOptions & { readonly timeoutMs: number };

/** Errors: `wrong-last-sequence`, `stream-missing`, `bus-refused`, and those of `Requests.send` but `no-responder`. */
export async function append(
  client: JetStreamClient,
  subject: string,
  payload: Payload,
  options: AppendOptions = {},
): Promise<Appended> {
  const settings = { ...options, timeoutMs: options.timeoutMs ?? APPEND_TIMEOUT_MS };
  try {
    const { stream, seq, duplicate } = await client.publish(subject, payload, publishOptions(settings));
    if (typeof stream !== 'string' || typeof seq !== 'number') throw new JetStreamError('not a PubAck');
    return { stream, seq, duplicate };
  } catch (error) {
    throw translate(error, subject, settings);
  }
}

function publishOptions(settings: Settings): Partial<JetStreamPublishOptions> {
  const { expectLastSeq, expectLastSubjectSeq, messageId, timeoutMs } = settings;
  const headers = encodeHeaders(settings.headers);
  return {
    timeout: timeoutMs,
    // A second attempt in here would hide that the end of the first is unknown.
    retries: 1,
    ...(headers === undefined ? {} : { headers }),
    ...(messageId === undefined ? {} : { msgID: messageId }),
    expect: {
      ...(expectLastSeq === undefined ? {} : { lastSequence: expectLastSeq }),
      ...(expectLastSubjectSeq === undefined ? {} : { lastSubjectSequence: expectLastSubjectSeq }),
    },
  };
}

function translate(error: unknown, subject: string, settings: Settings): unknown {
  const what = `append to ${subject}`;
  const unknownEnd = { what, timeoutMs: settings.timeoutMs };
  if (isWaggleError(error, 'no-responder'))
    return new WaggleError('stream-missing', { stream: `for ${subject}` }, { cause: error });
  // Somebody else answered, in JSON or not: whether the stream has it is unknown.
  if (error instanceof JetStreamError || error instanceof SyntaxError || error instanceof TypeError)
    return new WaggleError('bus-timeout', unknownEnd, { cause: error });
  const refusal = refusalIn(error);
  if (refusal === undefined) return error;
  const { code, status, message: description } = refusal;
  if (WRONG_LAST_SEQUENCE.includes(code)) {
    const expected = settings.expectLastSeq ?? settings.expectLastSubjectSeq;
    return new WaggleError('wrong-last-sequence', { subject, expected, description });
  }
  // A copy with the same id is being stored this moment: how that ends is unknown.
  if (code === IN_PROCESS) return new WaggleError('bus-timeout', { ...unknownEnd, description });
  return new WaggleError('bus-refused', { what, description, code, status });
}
