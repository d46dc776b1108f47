/**
 * How a command answers: text for people, or JSON with `--json`; errors as text on standard error, or as an
 * object on standard output. Each command prints through one of these and writes to no stream itself.
 */
import { exitCodeOf, failureObject, failureText } from './failure.ts';
import { type Paint, paintFor } from './paint.ts';

/** The part of a stream that is written to. */
export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly noColor: boolean;
  /** What error texts begin with. */
  readonly program?: 'waggle' | 'fmail';
}

export interface Output {
  readonly json: boolean;
  /** Colour for standard output. */
  readonly paint: Paint;
  /** A line for people; nothing with `--json`. */
  say(text: string): void;
  /** The command's answer: `text` (made only when it is shown), or `value` as indented JSON. */
  answer(value: unknown, text: () => string): void;
  /** One of many answers as they come: a line of text, or `value` as one line of JSON. */
  item(value: unknown, text: () => string): void;
  /** A remark on standard error, with `--json` too. */
  warn(text: string): void;
  /** Tells what went wrong and gives the exit code. Help that the parser has printed needs no word. */
  fail(error: unknown): 0 | 1 | 2;
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, json, program = 'waggle' } = options;
  const line = (text: string) => {
    if (text !== '') stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  return {
    json,
    paint: paintFor(stdout, options.noColor || json),
    say: (text) => {
      if (!json) line(text);
    },
    answer: (value, text) => line(json ? JSON.stringify(value, undefined, 2) : text()),
    item: (value, text) => line(json ? JSON.stringify(value) : text()),
    warn: (text) => {
      stderr.write(`${program}: ${text}\n`);
    },
    fail: (error) => {
      const exitCode = exitCodeOf(error);
      if (exitCode === 0) return exitCode;
      if (json) line(JSON.stringify(failureObject(error), undefined, 2));
      else stderr.write(failureText(error, program));
      return exitCode;
    },
  };
}
