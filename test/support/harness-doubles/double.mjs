/**
 * Plays what a real coding agent once printed: `node double.mjs <harness> …the real one's flags…`. It reads its prompt as
 * that one does, writes the files that the recorded tools wrote, and ends as that one ended.
 *
 * The case is the first line `DOUBLE: <case>` of the prompt, or DOUBLE_CASE, or `edit`. Recorded cases lie in `recorded/`.
 * Others go no further than a part of one: `stall` (says and does something, then hangs), `stubborn` (the same, and ignores
 * TERM), `retrying` (hangs while it tries again), `silent` (hangs at once), `broken` (complains and ends at once), `crash`
 * (says something, then dies), `lost` (what it does when its conversation is unknown).
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [harness, ...args] = process.argv.slice(2);
const recorded = new URL(`recorded/${harness}/`, import.meta.url);

/** The value of a flag; of `codex exec resume -- ID -`, the word after it. */
const after = (flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
const sessions = {
  claude: () => after('--resume'),
  codex: () => (args[1] === 'resume' ? after('--') : undefined),
  opencode: () => after('--session'),
  pi: () => after('--session'),
  gemini: () => after('--resume'),
  droid: () => after('--session-id'),
};
const resumed = sessions[harness]?.();
const session = resumed ?? randomUUID();

const file = after('--file');
const prompt = file === undefined ? readFileSync(0, 'utf8') || args.at(-1) : readFileSync(file, 'utf8');
const asked = /^DOUBLE: ([\w-]+)\s*$/m.exec(prompt)?.[1];
const wanted = asked ?? process.env.DOUBLE_CASE ?? 'edit';

/** Prints lines as this run would have printed them. */
function print(lines) {
  const text = lines
    .join('\n')
    .replaceAll('{session}', session)
    .replaceAll('{worktree}', process.cwd())
    .replaceAll('{home}', process.env.HOME ?? '/')
    .replaceAll('{endpoint}', 'http://127.0.0.1:1')
    .replace(/\{uuid\}/g, () => randomUUID());
  if (text !== '') process.stdout.write(`${text}\n`);
}

const linesOf = (name) =>
  readFileSync(new URL(`${name}.jsonl`, recorded), 'utf8')
    .trimEnd()
    .split('\n');

/** For ever, or until somebody ends it. */
const hang = () => setInterval(() => {}, 60_000);

const casesOf = () => JSON.parse(readFileSync(new URL('cases.json', recorded), 'utf8')).cases;

function play(name) {
  const { exitCode, stderr, writes = {} } = casesOf()[name];
  for (const [path, text] of Object.entries(writes)) {
    mkdirSync(dirname(join(process.cwd(), path)), { recursive: true });
    writeFileSync(join(process.cwd(), path), text);
  }
  process.stderr.write(stderr.replaceAll('{session}', session));
  print(linesOf(name));
  process.exitCode = exitCode;
}

/** A line by which it has said or done something. */
const TELLING = /"type":"(tool_use|tool_execution_start|command_execution|tool_call|agent_message)"/;
const RETRYING = /api_retry|Reconnecting|auto_retry_start/;

/** The lines up to the first that looks so, or all. */
function until(lines, looks) {
  const at = lines.findIndex((line) => looks.test(line));
  return at === -1 ? lines : lines.slice(0, at + 1);
}

switch (resumed !== undefined && process.env.DOUBLE_LOST === '1' ? 'lost' : wanted) {
  case 'stubborn':
    process.on('SIGTERM', () => {});
    print(until(linesOf('edit'), TELLING));
    hang();
    break;
  case 'stall':
    print(until(linesOf('edit'), TELLING));
    hang();
    break;
  case 'retrying':
    print(
      until(linesOf('rate-limit'), RETRYING).filter((line) => !line.includes('"type":"error","timestamp"')),
    );
    process.stderr.write(casesOf()['rate-limit'].stderr.replaceAll('{session}', session));
    hang();
    break;
  case 'silent':
    hang();
    break;
  case 'broken':
    process.stderr.write('error: the configuration cannot be read\n');
    process.exitCode = 2;
    break;
  case 'crash':
    print(until(linesOf('edit'), TELLING));
    process.stderr.write('fatal: out of memory\n');
    process.exitCode = 134;
    break;
  case 'lost':
    if (harness === 'claude') {
      const errors = [`No conversation found with session ID: ${session}`];
      print([JSON.stringify({ type: 'result', subtype: 'error_during_execution', is_error: true, errors })]);
    }
    process.stderr.write(`No conversation found with session ID: ${session}\n`);
    process.exitCode = 1;
    break;
  default:
    play(wanted);
}
