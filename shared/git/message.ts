/**
 * The message of a commit that the committer makes. Pure.
 *
 * 1. The subject is one conventional-commit line of at most 100 characters.
 * 2. The `Waggle-*` trailers are the committer's alone: whatever of that look the worker wrote is removed,
 *    and exactly one block stands at the end.
 */

export interface WaggleTrailers {
  readonly task: string;
  readonly run: string;
  readonly fence: number;
  readonly agent: string;
}

export interface MessageParts {
  readonly trailers: WaggleTrailers;
  /** The task's title: the subject when the worker gave none. */
  readonly title: string;
  /** What the worker wrote: a subject line and, after a blank line, a body. */
  readonly workerMessage?: string | undefined;
  /** Conventional type of a subject that has none; default `chore`. */
  readonly type?: string;
}

export const RUN_TRAILER = 'Waggle-Run';

const SUBJECT_LIMIT = 100;
const conventional =
  /^(feat|fix|docs|style|refactor|perf|test|build|ci|chore|revert)(\([^()\s][^()]*\))?!?: \S/;
const waggleLine = /^[\s>]*waggle-[^:\s]*\s*:/i;

/** The whole message, ending in the trailer block and one newline. */
export function commitMessage({ trailers, title, workerMessage = '', type = 'chore' }: MessageParts): string {
  const [first = '', ...rest] = cleanLines(workerMessage);
  const subject = subjectOf(oneLine(first) || oneLine(title) || trailers.task, type);
  const body = rest
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const block = [
    `Waggle-Task: ${oneLine(trailers.task)}`,
    `${RUN_TRAILER}: ${oneLine(trailers.run)}`,
    `Waggle-Fence: ${trailers.fence}`,
    `Waggle-Agent: ${oneLine(trailers.agent)}`,
  ].join('\n');
  return `${[subject, body, block].filter((part) => part !== '').join('\n\n')}\n`;
}

/** The first line of a message, as a subject is shown. */
export function subjectLine(message: string): string {
  return oneLine(message.trimStart().split('\n', 1)[0] ?? '');
}

function subjectOf(text: string, type: string): string {
  const whole = conventional.test(text) ? text : `${type}: ${text}`;
  const letters = [...whole];
  if (letters.length <= SUBJECT_LIMIT) return whole;
  const cut = letters.slice(0, SUBJECT_LIMIT - 1).join('');
  const atWord = cut.replace(/\s+\S*$/, '');
  return `${atWord.length > SUBJECT_LIMIT / 2 ? atWord : cut}…`;
}

/** The worker's lines without control characters and without anything that looks like our trailers. */
function cleanLines(message: string): string[] {
  const kept: string[] = [];
  let dropping = false;
  for (const raw of message.replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n').split('\n')) {
    const line = raw.replace(/[\u0000-\u0008\u000e-\u001f\u007f]/g, '').trimEnd();
    // An indented line after a trailer continues it.
    dropping = waggleLine.test(line) || (dropping && /^[ \t]+\S/.test(line));
    if (!dropping) kept.push(line);
  }
  const start = kept.findIndex((line) => line !== '');
  return start < 0 ? [] : kept.slice(start);
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
