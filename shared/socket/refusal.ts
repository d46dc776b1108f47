/**
 * How a failure is told over the socket: the seed's code for clients that know only those, and in `cause` Waggle's own
 * code, so that a command fails alike over socket and bus. Both directions stand here. Pure.
 *
 * The `cause.code` of an error with a reason of its own (a refusal of the board) is `code:reason`.
 */
import type { SocketErrorCode, SocketLine } from '../../schemas/index.ts';
import { type ErrorCode, errorTable, isWaggleError, messageOf, WaggleError } from '../errors.ts';

export type RefusalLine = Extract<SocketLine, { ok: false }>;

/** A failure whose code on the socket is known where it is found. */
export class SocketRefusal extends Error {
  readonly code: SocketErrorCode;
  readonly error: WaggleError;
  readonly isRetryable: boolean;

  constructor(code: SocketErrorCode, error: WaggleError, isRetryable = error.retryable) {
    super(error.message);
    this.code = code;
    this.error = error;
    this.isRetryable = isRetryable;
  }
}

/** A refusal in our own words. */
export const refusal = (
  code: SocketErrorCode,
  message: string,
  own: 'usage' | 'mail-invalid' | 'refused' | 'project-mismatch' = 'usage',
): SocketRefusal => new SocketRefusal(code, new WaggleError(own, { message }));

/** What an error of the table is to those who know only the seed's codes. All others are `internal`. */
const seedCodes: Partial<Record<ErrorCode, SocketErrorCode>> = {
  usage: 'invalid_request',
  'task-file-invalid': 'invalid_request',
  'mail-invalid': 'invalid_request',
  'mail-unknown': 'invalid_request',
  refused: 'invalid_request',
  'name-taken': 'invalid_agent',
  'project-mismatch': 'invalid_project',
  'message-too-large': 'too_large',
};

/** The line that tells of anything that was thrown. */
export function refusalLine(error: unknown, reqId: string | undefined): RefusalLine {
  const own = error instanceof SocketRefusal ? error.error : error;
  const code =
    error instanceof SocketRefusal
      ? error.code
      : isWaggleError(own)
        ? (seedCodes[own.code] ?? 'internal')
        : 'internal';
  const isRetryable =
    error instanceof SocketRefusal ? error.isRetryable : isWaggleError(own) && own.retryable;
  return {
    ok: false,
    error: {
      code,
      message: messageOf(own),
      retryable: isRetryable,
      ...(isWaggleError(own) ? { cause: { code: causeOf(own), exit_code: own.exitCode } } : {}),
    },
    ...(reqId === undefined ? {} : { req_id: reqId }),
  };
}

function causeOf({ code, details }: WaggleError): string {
  const { reason } = details;
  return typeof reason === 'string' && /^[a-z][a-z-]{0,62}$/.test(reason) ? `${code}:${reason}` : code;
}

/** What a client that knows none of our codes would be told by them. */
const ownCodes: Readonly<Record<SocketErrorCode, ErrorCode>> = {
  invalid_request: 'usage',
  invalid_project: 'project-mismatch',
  invalid_topic: 'mail-invalid',
  invalid_agent: 'mail-invalid',
  too_large: 'mail-invalid',
  backpressure: 'socket-closed',
  internal: 'refused',
};

/** The error that a line tells of, with the same code, message and exit code as where it was thrown. */
export function errorOf({ error }: RefusalLine): WaggleError {
  const [named = '', reason] = error.cause?.code.split(':') ?? [];
  const code = Object.hasOwn(errorTable, named) ? (named as ErrorCode) : ownCodes[error.code];
  const details = {
    ...detailsOf(errorTable[code].message, error.message),
    ...(reason === undefined ? {} : { reason }),
  };
  const told = new WaggleError(code, details);
  told.message = error.message;
  return told;
}

/** What stands in the places of a message's template: the first of them is as long as can be. */
function detailsOf(template: string, message: string): Record<string, string> {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const words = template.split(/\{\w+\}/);
  const values: string[] = [];
  // From the end, word by word: a pattern with several places would take the square of the message's length, or more.
  let end = message.length;
  for (const [back, word] of words.toReversed().entries()) {
    const latest = end - word.length;
    const isFirst = back === words.length - 1;
    const at = isFirst ? 0 : back === 0 ? latest : latest < 0 ? -1 : message.lastIndexOf(word, latest);
    if (
      at < 0 ||
      latest < at ||
      !message.startsWith(word, at) ||
      (isFirst && names.length === 0 && latest !== 0)
    )
      return { message };
    if (back > 0) values.unshift(message.slice(at + word.length, end));
    end = at;
  }
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}
