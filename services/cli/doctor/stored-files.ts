/**
 * The files that work and mail hang on: bundles of submissions that wait for a committer, the newest checkpoints, bodies of
 * the newest mails. Each is fetched as its reader would and hashed, up to a bound in number and in bytes.
 */
import { createHash } from 'node:crypto';
import type { FileRef, StoredMail, Task, TaskState } from '../../../schemas/index.ts';
import type { BoardClient } from '../../../shared/bus/board-client.ts';
import type { Reader } from '../../../shared/bus/read-client.ts';
import { type Fault, type Finding, findingOf } from './report.ts';

const states: TaskState[] = ['submitted', 'committing', 'open', 'claimed', 'blocked', 'failed'];
const TASKS_MOST = 500;
/** The newest. */
const MAILS_MOST = 100;
const READ_BYTES = 32 * 1024 ** 2;

const MEND_SUBMISSION =
  "its committer gives it back with the reason, and it is done again (an attempt); to keep the work, fetch `runs/<run>/change.bundle` of that agent's folder with `git fetch <file> '+refs/waggle/bundle/*:refs/heads/rescued/*'`";
const MEND_CHECKPOINT = 'nothing to do: the next run is told that it cannot be had, and begins without it';

const MEND_BODY = 'its reader is told so in its place; only its sender can send it again (`fmail send`)';

/** Errors: those of the client and the reader. */
export async function lookAtStoredFiles(
  client: Pick<BoardClient, 'query'>,
  reader: Pick<Reader, 'chunk' | 'mail'>,
): Promise<Finding> {
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks', states, limit: TASKS_MOST });
  const { mails } = await reader.mail({ last: MAILS_MOST });
  const wanted = [...tasks.flatMap(({ task }) => filesOf(task)), ...mails.flatMap(bodyOf)];
  // A submission first: work that is done hangs on it.
  wanted.sort((a, b) => Number(a.status === 'warn') - Number(b.status === 'warn'));
  const faults: Fault[] = [];
  let bytes = 0;
  let count = 0;
  for (const { file, what, status, mend } of wanted) {
    bytes += file.size_bytes;
    if (bytes > READ_BYTES) break;
    count += 1;
    const fault = await faultOf(reader, file);
    if (fault !== undefined) faults.push({ status, error: `${what}: ${fault}`, mend });
  }
  const rest = wanted.length - count;
  const more = rest === 0 ? '' : `, ${rest} more than a look reads`;
  return findingOf(faults, `${count} read${more}`);
}

interface Wanted {
  readonly file: FileRef;
  readonly what: string;
  readonly status: Fault['status'];
  readonly mend: string;
}

function filesOf({ id, submission, checkpoint }: Task): Wanted[] {
  const found: Wanted[] = [];
  if (submission !== undefined) {
    const { run, agent, bundle: file } = submission;
    const what = `${id}, the bundle of run ${run} by ${agent}`;
    found.push({ file, what, status: 'fail', mend: MEND_SUBMISSION });
  }
  if (checkpoint !== undefined) {
    const what = `${id}, checkpoint ${checkpoint.number} of fence ${checkpoint.fence}`;
    found.push({ file: checkpoint.file, what, status: 'warn', mend: MEND_CHECKPOINT });
  }
  return found;
}

function bodyOf({ seq, from, mail }: StoredMail): Wanted[] {
  const { body_file: file } = mail;
  if (file === undefined) return [];
  return [{ file, what: `the body of mail ${seq} from ${from}`, status: 'warn', mend: MEND_BODY }];
}

async function faultOf(reader: Pick<Reader, 'chunk'>, file: FileRef): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (let n = 0; n < file.chunks; n += 1) {
    const bytes = await reader.chunk(file.owner, file.sha256, n);
    if (bytes === undefined) return `chunk ${n + 1} of ${file.chunks} is missing`;
    hash.update(bytes);
  }
  const found = hash.digest('hex');
  return found === file.sha256 ? undefined : `it hashes to ${found}, expected ${file.sha256}`;
}
