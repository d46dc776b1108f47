/**
 * The line of a service's log that says why it ended, for people. Pure.
 */

const SHOWN = 400;

/** The best line of `text` (the end of a log); undefined when there is none. */
export function lastWords(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const complaint =
    lines.findLast((line) => line.startsWith('waggle: ')) ??
    // What Node prints of a thrown error comes before its stack, which ends with Node's version.
    lines.findLast((line) => /^(Uncaught )?[A-Za-z]*Error(?: \[\w+\])?: /.test(line)) ??
    lines.at(-1);
  return complaint === undefined ? undefined : plain(complaint).slice(0, SHOWN);
}

/** A JSON log line as its message and its error's; any other line as it is. */
function plain(line: string): string {
  if (!line.startsWith('{')) return line.replace(/^waggle: /, '').trim();
  try {
    const { msg, err, reason } = JSON.parse(line) as Record<string, unknown>;
    const cause = isRecord(err) ? err['message'] : reason;
    return [msg, cause].filter((part) => typeof part === 'string' && part !== '').join(': ') || line;
  } catch {
    return line;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
