/**
 * How `fmail` answers: text for people, or JSON with `--json`. What went wrong is told by failing.ts, which is loaded when
 * something has.
 */
import type { Session } from '../session.ts';

export interface FmailOutput {
  readonly json: boolean;
  /** The command's answer: `text` (made only when it is shown), or `value` as indented JSON. */
  answer(value: unknown, text: () => string): void;
  /** One of many answers as they come: a line of text, or `value` as one line of JSON. */
  item(value: unknown, text: () => string): void;
  /** A remark on standard error, with `--json` too. */
  warn(text: string): void;
}

export function fmailOutput(session: Pick<Session, 'stdout' | 'stderr'>, json: boolean): FmailOutput {
  const line = (text: string) => {
    if (text !== '') session.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  return {
    json,
    answer: (value, text) => line(json ? JSON.stringify(value, undefined, 2) : text()),
    item: (value, text) => line(json ? JSON.stringify(value) : text()),
    warn: (text) => {
      session.stderr.write(`Warning: ${text}\n`);
    },
  };
}
