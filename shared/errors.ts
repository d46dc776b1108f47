/**
 * The one table of coded errors. Every failure that a person or a caller should tell apart has a row:
 * code, message with `{named}` places, whether a retry can help, and the exit code a command ends with
 * (1 failure, 2 usage). A message says what was expected, what came and what to do.
 */

interface Row {
  readonly message: string;
  readonly exitCode: 1 | 2;
  readonly retryable: boolean;
}

const row = (message: string, exitCode: 1 | 2 = 1, retryable = false): Row => ({
  message,
  exitCode,
  retryable,
});

export const errorTable = {
  usage: row('{message}', 2),
  'config-invalid': row('{file}: {problems}', 2),
  'config-missing': row('no waggle.yaml in {folder} or any folder above it; `waggle init` makes one', 1),
  'task-file-invalid': row('{problems}', 2),
  'bus-unknown': row(
    'no bus is known: set WAGGLE_NATS_URL, or run `waggle up` in this project (looked for .waggle/bus.json from {folder} upward)',
  ),
  'bus-unreachable': row('the bus at {url} does not answer: {cause}; `waggle doctor` tells more', 1, true),
  'bus-closed': row('the connection to the bus is closed'),
  'bus-timeout': row('{what} had no answer within {timeoutMs} ms; `waggle doctor` tells more', 1, true),
  'bus-forbidden': row(
    'the bus forbids this connection to {operation} {subject}; use an account with that right',
  ),
  'bus-refused': row('the bus refused {what}: {description} ({code})'),
  'no-responder': row(
    'nobody serves {subject}; is the orchestrator running? `waggle doctor` says what keeps it from leading',
    1,
    true,
  ),
  'wrong-last-sequence': row('{subject}: expected last sequence {expected}, another writer was faster', 1),
  'stream-missing': row('stream {stream} does not exist', 1),
  'stream-changed': row('stream {stream} is not as it was when its reading began: {how}; read it anew', 1),
  'message-too-large': row('a message of {bytes} bytes exceeds the limit of {limit} bytes', 1),
  'message-invalid': row('{name}: {fault}', 1),
  'lead-lost': row('this process no longer leads as {role}: {why}', 1, true),
  'journal-refused': row(
    'the journal holds another batch at sequence {seq}: this process no longer leads',
    1,
  ),
  'journal-unreadable': row(
    'journal message {seq} cannot be read: {fault}; nobody leads on that. If a newer version wrote it, let that one lead; else bring the journal back (`waggle restore`), or go on from what stands before it with `waggle orchestrator --accept-journal-loss`',
  ),
  'journal-newer': row(
    'the journal is in format {format} and this version knows formats up to {known}: an orchestrator of a newer version must lead',
  ),
  'journal-lost': row(
    '{what}; nobody leads on that. Bring the journal back (`waggle restore`), or go on from {rest} with `waggle orchestrator --accept-journal-loss`',
  ),
  'snapshot-damaged': row('the snapshot at journal sequence {seq} cannot be used: {fault}'),
  'file-absent': row('file {sha256} of {owner} is not stored (chunk {chunk} of {chunks} is missing)', 1),
  'file-damaged': row('file {sha256} of {owner} is damaged: its content hashes to {found}', 1),
  'not-a-repository': row('{path} is not a git repository; give the path of one (`git init` makes one)', 1),
  'repository-empty': row('{path} has no commits yet; make a first commit there, then try again', 1),
  'git-failed': row('git {command} failed ({exitCode}): {stderr}', 1),
  'lane-commit-missing': row('{home} has no {commit}, or does not give it out', 1, true),
  'branch-checked-out': row(
    'branch {branch} is checked out in {path}; switch that tree to another branch, Waggle moves this one',
    1,
    true,
  ),
  'fence-outrun': row(
    'the fence ref of lane {lane} stands at {by} in {home}, this grant is {fence}: another project or an earlier one commits here',
    1,
    true,
  ),
  'fence-unreadable': row('{ref} of {home} holds no fence: {found}', 1),
  'git-missing': row('git was not found on PATH; install git 2.34 or newer', 1),
  'state-locked': row(
    '{folder} is in use by process {pid} on this machine; stop it, or give this one another --name',
    1,
  ),
  'state-foreign': row(
    '{folder} belongs to process {pid} on host {host}; if that process is gone for good, remove {file}',
    1,
  ),
  'incarnation-ended': row(
    '{agent} was started anew elsewhere and this process may not act for it any more ({reason}); start it again',
    1,
  ),
  'start-failed': row('cannot start {program}: {cause}', 1),
  refused: row('{message}', 1),
  'nats-missing': row('no nats-server was found: {hint}', 1),
  'nats-too-old': row(
    '{path} is nats-server {version}; Waggle needs {oldest} or newer: install one, or name it with NATS_SERVER',
  ),
  'nats-failed': row('nats-server could not start: {cause}', 1, true),
  'already-running': row('{what} already runs here (process {pid}); `waggle down` stops it', 1),
  'not-ready': row('{what} did not get ready: {cause}', 1),
  'not-running': row('{message}', 1),
  'check-failed': row('{message}', 1),
  'mail-invalid': row('{message}', 1),
  'mail-unknown': row('{message}', 1),
  'name-taken': row('agent name already registered: {name}', 1),
  'project-mismatch': row('{message}', 1),
  'socket-closed': row('the socket at {path} {how}; is its worker still running?', 1, true),
  'backup-damaged': row('{file} is no whole backup: {fault}', 1),
  'restore-failed': row(
    'the restore stopped: {cause}. The streams of project {project} hold a part of it now: empty this bus (an embedded one: remove {store} while it is down), then restore again',
    1,
  ),
  'partly-added': row('{message}', 1),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorTable;

/** An error of the table. `details` fills the places of its message and goes into `--json` output. */
export class WaggleError extends Error {
  override readonly name = 'WaggleError';
  readonly code: ErrorCode;
  readonly exitCode: 1 | 2;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(fill(errorTable[code].message, details), options);
    this.code = code;
    this.exitCode = errorTable[code].exitCode;
    this.retryable = errorTable[code].retryable;
    this.details = details;
  }
}

/** Whether `error` is of the table, with that code when one is given. */
export function isWaggleError(error: unknown, code?: ErrorCode): error is WaggleError {
  return error instanceof WaggleError && (code === undefined || error.code === code);
}

/** What to show of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the default of a switch that must have handled every case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}

function fill(template: string, details: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `<${name}>`));
}
