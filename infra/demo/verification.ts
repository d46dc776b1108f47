/**
 * Whether the swarm did what it says, judged by what stands in the repository: not by anybody's counters. Reads
 * only.
 *
 * 1. Every task is closed, with exactly one commit; nobody else's commit stands in the branch.
 * 2. Each commit follows the one before, carries the trailers of a grant that the journal knows, with fences that
 *    grow, and changes its task's file and nothing else.
 * 3. That file is, byte for byte, what the tool makes of the original, in the commit and still at the end.
 * 4. What each commit leaves behind parses.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskState } from '../../schemas/index.ts';
import { git } from '../../shared/git/git.ts';
import { resolveCommit } from '../../shared/git/repository.ts';
import { parseTrailers } from '../../shared/git/trailers.ts';
import type { JournalFacts } from './journal-facts.ts';
import { type LaneCommit, laneHistory } from './lane-history.ts';
import type { Parser } from './parser.ts';

/** `blob` is absent for the index, whose content follows from the commit before it. */
export interface ExpectedTask {
  readonly id: string;
  readonly path: string;
  readonly blob?: string;
}

/** What the board says of a task. */
export interface BoardWord {
  readonly state: TaskState;
  readonly commit?: string;
  readonly reason?: string;
}

export interface VerificationOptions {
  readonly gitDir: string;
  readonly base: string;
  readonly branch: string;
  readonly tasks: readonly ExpectedTask[];
  readonly board: ReadonlyMap<string, BoardWord>;
  readonly facts: JournalFacts;
  readonly parser: Parser;
  /** A new folder, for contents that are to be parsed. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface Verdict {
  /** One sentence each; empty when all is well. */
  readonly problems: readonly string[];
  readonly commits: readonly LaneCommit[];
  readonly closed: number;
  /** Tasks that are not closed, or have no commit. */
  readonly lost: readonly string[];
}

export async function verifyResult(options: VerificationOptions): Promise<Verdict> {
  const { gitDir, base, branch, tasks, board, facts, signal } = options;
  const where = { gitDir, signal };
  const tip = await resolveCommit(where, `refs/heads/${branch}`);
  const commits = tip === undefined ? [] : await laneHistory(where, { base, tip });
  const problems: string[] = [];
  if (tip === undefined) problems.push(`there is no branch ${branch}`);
  problems.push(...orderProblems(commits, base));
  for (const task of facts.doubleOwned) problems.push(`${task} had two owners at once`);

  const byTask = commitsByTask(commits);
  const known = new Set(tasks.map(({ id }) => id));
  for (const [id, strangers] of byTask) {
    if (known.has(id)) continue;
    for (const commit of strangers) problems.push(`${named(commit)} belongs to no task of this run`);
  }
  const closed = tasks.filter(({ id }) => board.get(id)?.state === 'closed');
  const lost = tasks.filter(({ id }) => board.get(id)?.state !== 'closed' || !byTask.has(id));
  const atEnd = tip === undefined ? new Map<string, string>() : await filesAt(options, tip, tasks);
  for (const task of tasks) {
    const made = byTask.get(task.id) ?? [];
    problems.push(...boardProblems(task, board.get(task.id), made));
    for (const commit of made) {
      problems.push(...grantProblems(task, commit, facts), ...(await changeProblems(options, task, commit)));
      if (atEnd.get(task.path) !== commit.changes.find(({ path }) => path === task.path)?.blob)
        problems.push(
          `${task.id}: ${task.path} is no longer at the end of ${branch} what ${short(commit)} made it`,
        );
    }
  }
  return { problems, commits, closed: closed.length, lost: lost.map(({ id }) => id) };
}

function commitsByTask(commits: readonly LaneCommit[]): Map<string, LaneCommit[]> {
  const byTask = new Map<string, LaneCommit[]>();
  for (const commit of commits) {
    const task = valuesOf(commit, 'Waggle-Task')[0] ?? '';
    byTask.set(task, [...(byTask.get(task) ?? []), commit]);
  }
  return byTask;
}

/** One line of commits, each with a higher fence than the one before. */
function orderProblems(commits: readonly LaneCommit[], base: string): string[] {
  const problems: string[] = [];
  let before = base;
  let fence = 0;
  for (const commit of commits) {
    if (commit.parents.length !== 1 || commit.parents[0] !== before)
      problems.push(`${named(commit)} does not follow the commit before it`);
    const own = Number(valuesOf(commit, 'Waggle-Fence')[0]);
    if (own <= fence) problems.push(`${named(commit)} has fence ${own}, not above ${fence} before it`);
    before = commit.id;
    if (own > fence) fence = own;
  }
  return problems;
}

function boardProblems(
  { id, path }: ExpectedTask,
  word: BoardWord | undefined,
  made: readonly LaneCommit[],
): string[] {
  const problems: string[] = [];
  if (word?.state !== 'closed') {
    const reason = word?.reason === undefined ? '' : ` (${word.reason})`;
    problems.push(`${id} (${path}) is ${word?.state ?? 'unknown to the board'}, not closed${reason}`);
  }
  if (made.length === 0) problems.push(`${id} (${path}) has no commit`);
  if (made.length > 1)
    problems.push(`${id} (${path}) has ${made.length} commits: ${made.map(short).join(' ')}`);
  const [first] = made;
  if (made.length === 1 && first !== undefined && word?.state === 'closed' && word.commit !== first.id)
    problems.push(
      `${id} was closed with ${word.commit?.slice(0, 10) ?? 'no commit'}, and ${short(first)} stands there`,
    );
  return problems;
}

/** The commit's own trailers against the journal: a work grant's run and agent, a commit grant's fence. */
function grantProblems({ id }: ExpectedTask, commit: LaneCommit, { grants }: JournalFacts): string[] {
  const problems: string[] = [];
  const [run, fence, agent] = (['Waggle-Run', 'Waggle-Fence', 'Waggle-Agent'] as const).map((key) => {
    const values = valuesOf(commit, key);
    if (values.length !== 1) problems.push(`${named(commit)} has ${values.length || 'no'} trailers ${key}`);
    return values[0];
  });
  if (valuesOf(commit, 'Waggle-Task').length > 1)
    problems.push(`${named(commit)} has several trailers Waggle-Task`);
  if (problems.length > 0) return problems;
  const right = grants.get(Number(fence));
  if (right?.kind !== 'commit' || right.task !== id)
    problems.push(`${named(commit)}: Waggle-Fence ${fence} is no commit grant of ${id}`);
  const worked = [...grants.values()].find((grant) => grant.kind === 'work' && grant.run === run);
  if (worked === undefined || worked.task !== id)
    problems.push(`${named(commit)}: Waggle-Run ${run} is no run of ${id}`);
  else if (worked.agent !== agent)
    problems.push(`${named(commit)}: Waggle-Agent is ${agent}, and the run was ${worked.agent}'s`);
  return problems;
}

async function changeProblems(
  options: VerificationOptions,
  task: ExpectedTask,
  commit: LaneCommit,
): Promise<string[]> {
  const problems: string[] = [];
  const change = commit.changes.find(({ path }) => path === task.path);
  for (const other of commit.changes) {
    if (other !== change) problems.push(`${named(commit)} also changes ${other.path}`);
  }
  if (change === undefined || change.status === 'D') {
    return [...problems, `${named(commit)} does not hold the change of ${task.path}`];
  }
  if (change.modeChanged) problems.push(`${named(commit)} changes the mode of ${task.path}`);
  const expected = task.blob ?? (await indexBlob(options, commit));
  if (change.blob !== expected)
    problems.push(`${named(commit)}: ${task.path} is not what the tool makes of the original`);
  if (!(await parses(options, change))) problems.push(`${named(commit)}: ${task.path} does not parse`);
  return problems;
}

/** Takes the content out of the repository, so that what is parsed is what is committed. */
async function parses(
  { gitDir, folder, parser, signal }: VerificationOptions,
  { path, blob }: { readonly path: string; readonly blob: string },
): Promise<boolean> {
  const { stdout } = await git(['cat-file', 'blob', blob], { gitDir, signal });
  const file = join(folder, blob);
  await mkdir(folder, { recursive: true });
  await writeFile(file, stdout);
  return parser.parses({ path, blob, file });
}

/** What the index task must have written: the listing of the commit before it. */
async function indexBlob({ gitDir, signal }: VerificationOptions, commit: LaneCommit): Promise<string> {
  const where = { gitDir, signal };
  const tree = `${commit.parents[0]}`;
  const { stdout } = await git(['ls-tree', '-r', '--full-tree', tree], where);
  const lines = stdout.split('\n').map((line) => line.replace(/^(\d+) \w+ ([0-9a-f]+)\t/, '$1 $2 0\t'));
  const { stdout: blob } = await git(['hash-object', '--stdin'], {
    ...where,
    input: `${lines.join('\n')}\n`,
  });
  return blob;
}

async function filesAt(
  { gitDir, signal }: VerificationOptions,
  tip: string,
  tasks: readonly ExpectedTask[],
): Promise<Map<string, string>> {
  const wanted = new Set(tasks.map(({ path }) => path));
  const { stdout } = await git(['ls-tree', '-r', '-z', '--full-tree', tip], { gitDir, signal });
  const files = stdout.split('\0').flatMap((entry) => {
    const [, blob = '', path = ''] = /^\d+ \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    return wanted.has(path) ? [[path, blob] as const] : [];
  });
  return new Map(files);
}

const valuesOf = ({ message }: LaneCommit, key: string): string[] =>
  parseTrailers(message)
    .filter((trailer) => trailer.key === key)
    .map(({ value }) => value);

const short = ({ id }: LaneCommit): string => id.slice(0, 10);
const named = (commit: LaneCommit): string => `commit ${short(commit)} "${commit.subject}"`;
