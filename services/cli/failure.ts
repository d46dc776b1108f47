/**
 * What a thrown thing means to whoever ran the command: an exit code (1 failure, 2 usage), and an error
 * object for `--json`. Never decided by the words of a message.
 */
import { isWaggleError, messageOf } from '../../shared/errors.ts';

/** `{"error":{"code","message","hint?","details?"}}`. */
export interface FailureObject {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

/** The exit code for `error`; the argument parser's own errors are usage. */
export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (isWaggleError(error)) return error.exitCode;
  const parser = parserError(error);
  if (parser === undefined) return 1;
  // Help and version are told as errors that end with 0.
  return parser.exitCode === 0 ? 0 : 2;
}

/** The error object; a `hint` among an error's details stands by itself. */
export function failureObject(error: unknown): FailureObject {
  if (isWaggleError(error)) {
    const { hint, message: _, ...details } = error.details;
    return {
      error: {
        code: error.code,
        message: error.message,
        ...(typeof hint === 'string' ? { hint } : {}),
        ...(Object.keys(details).length === 0 ? {} : { details }),
      },
    };
  }
  const parser = parserError(error);
  const message = messageOf(error).replace(/^error: /, '');
  return { error: { code: parser === undefined ? 'internal' : 'usage', message } };
}

/** The lines for standard error: `waggle: <message>`, and the hint when there is one. */
export function failureText(error: unknown, program: string): string {
  const { message, hint } = failureObject(error).error;
  return `${program}: ${message}\n${hint === undefined ? '' : `${hint}\n`}`;
}

function parserError(error: unknown): { readonly exitCode: number } | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('exitCode' in error)) return undefined;
  const { code, exitCode } = error;
  if (typeof code !== 'string' || !code.startsWith('commander.')) return undefined;
  return { exitCode: typeof exitCode === 'number' ? exitCode : 1 };
}
