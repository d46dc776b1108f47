/**
 * Talking to a repository behind a URL, with the user's own credentials and configuration, and nothing
 * of that configuration that would change what is transferred (tags, pruning, submodules, signing).
 */
import { WaggleError } from '../errors.ts';
import { type Commit, isCommitId } from './commit-id.ts';
import { type GitResult, git } from './git.ts';

/** Whether a lane's home is a URL (or `host:path`, as ssh writes it) and not a path. */
export function isUrl(home: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(home) || /^([\w.-]+@)?[\w.-]{2,}:(?!\/\/)/.test(home);
}

/** A server that takes a connection and says nothing would hold its caller for ever. */
const ANSWER_MS = 60_000;

/**
 * What the refs stand for there now; absent ones are left out. `HEAD` may be asked for. Errors: `git-failed`, with
 * `timeout` for an exit code when the server has not answered within `answerMs`.
 */
export async function readRemoteRefs(
  url: string,
  refs: readonly string[],
  signal?: AbortSignal,
  answerMs = ANSWER_MS,
): Promise<ReadonlyMap<string, Commit>> {
  const { stdout } = await answered(answerMs, signal, (within) =>
    git(['ls-remote', '--quiet', '--', url, ...refs], { userConfig: true, signal: within }),
  );
  const found = new Map<string, Commit>();
  for (const line of stdout.split('\n')) {
    const [id, ref] = line.split('\t');
    // A pattern also matches the tail of longer names.
    if (id !== undefined && ref !== undefined && refs.includes(ref)) found.set(ref, id);
  }
  return found;
}

async function answered<T>(
  withinMs: number,
  signal: AbortSignal | undefined,
  ask: (within: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(withinMs);
  try {
    return await ask(signal === undefined ? late : AbortSignal.any([signal, late]));
  } catch (error) {
    signal?.throwIfAborted();
    if (!late.aborted) throw error;
    const stderr = `the server has not answered within ${withinMs} ms`;
    throw new WaggleError('git-failed', { command: 'ls-remote', exitCode: 'timeout', stderr });
  }
}

/** Fetches refspecs or full commit names into a bare repository of ours. */
export async function fetchRemote(
  gitDir: string,
  url: string,
  refspecs: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await git(['fetch', ...fetchFlags, '--', url, ...refspecs], { gitDir, userConfig: true, signal });
}

/**
 * Pushes all refspecs or none, as ordinary fast-forwards. Exit code 1 is a refusal, 128 a failure at an
 * unknown instant: only reading the refs tells what stands there.
 */
export async function pushRemote(
  gitDir: string,
  url: string,
  refspecs: readonly string[],
  signal?: AbortSignal,
): Promise<GitResult> {
  const flags = ['--quiet', '--atomic', '--no-verify', '--no-signed', '--no-follow-tags', '--no-force'];
  return git(['push', ...flags, '--recurse-submodules=no', '--', url, ...refspecs], {
    gitDir,
    userConfig: true,
    signal,
    okCodes: [0, 1, 128],
  });
}

/** Flags of every fetch: nothing but the objects asked for, no file left behind in the repository. */
export const fetchFlags = [
  '--quiet',
  '--no-tags',
  '--no-prune',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--no-auto-maintenance',
  '--no-write-commit-graph',
  '--refmap=',
];

/** The refs that a name may mean behind a URL, likeliest first. */
export function revNames(rev: string): string[] {
  if (rev === 'HEAD' || rev.startsWith('refs/')) return [rev];
  return isCommitId(rev) ? [] : [`refs/heads/${rev}`, `refs/tags/${rev}`];
}
