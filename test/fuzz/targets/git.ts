/**
 * What git says, and what others wrote into commits: messages and their trailers, heads of bundles, lists.
 */

import { parseBundleHeader } from '../../../shared/git/bundle.ts';
import { isCommitId } from '../../../shared/git/commit-id.ts';
import { parseLaneCommit } from '../../../shared/git/lane-commits.ts';
import { commitMessage, subjectLine } from '../../../shared/git/message.ts';
import { shorten } from '../../../shared/git/squash.ts';
import { parseTrailers, trailerOf } from '../../../shared/git/trailers.ts';
import { parseWorktree } from '../../../shared/git/worktree.ts';
import { type Target, textTarget } from '../target.ts';

const id = '0123456789abcdef0123456789abcdef01234567';
const message = `feat(x): one\n\nBody of it.\n\nWaggle-Task: a-1\nWaggle-Run: gen-7\nWaggle-Fence: 7\nWaggle-Agent: w1\n`;
const words = ['\n\n', '\n \n', ': ', 'Waggle-Run: other', '\n\t', 'waggle-', '\u2028', '>', '\r\n', ' '];
const own = { task: 'a-1', run: 'gen-7', fence: 7, agent: 'w1' };

/** Whatever a worker wrote, exactly the committer's own trailers are read back. */
function committed(workerMessage: string): string {
  const whole = commitMessage({ trailers: own, title: 'Title', workerMessage });
  const wanted = { 'Waggle-Task': 'a-1', 'Waggle-Run': 'gen-7', 'Waggle-Fence': '7', 'Waggle-Agent': 'w1' };
  for (const [key, value] of Object.entries(wanted)) {
    if (trailerOf(whole, key) !== value) throw new Error(`${key} is ${trailerOf(whole, key)}`);
  }
  const claims = whole.split('\n').filter((line) => /^\s*waggle-[^:\s]*\s*:/i.test(line));
  if (claims.length !== 4) throw new Error(`${claims.length} lines look like trailers of ours`);
  if ([...subjectLine(whole)].length > 100) throw new Error('the subject is too long');
  return whole;
}

export const gitTargets: readonly Target[] = [
  textTarget('commit-message', 'workers', ['feat: one\n\nbody', 'words only', message], committed, { words }),
  textTarget(
    'trailers',
    'commits of others',
    [message, 'x', 'a\n\nA: b\n c\n'],
    (text) => [parseTrailers(text), trailerOf(text, 'A')],
    {
      words,
    },
  ),
  textTarget('lane-commit', 'git log', [`${id}\n${message}`], parseLaneCommit, { words }),
  textTarget(
    'worktree',
    'git worktree list',
    [
      `worktree /a b\nHEAD ${id}\nbranch refs/heads/x\n`,
      `worktree /c\nHEAD ${id}\ndetached\nprunable gone\n`,
    ],
    parseWorktree,
    { words: ['worktree ', 'HEAD ', 'branch ', '\n'] },
  ),
  textTarget(
    'bundle-head',
    'bundles of workers',
    [`# v2 git bundle\n-${id} base\n${id} refs/heads/x`, `# v3 git bundle\n@object-format=sha1\n${id} HEAD`],
    parseBundleHeader,
    { words: ['\n', '-', '@', id, '# v2 git bundle\n'] },
  ),
  textTarget('commit-id', 'anybody', [id, id.repeat(2).slice(0, 64)], isCommitId),
  textTarget('conflict-words', 'git merge', ['CONFLICT (content): Merge conflict in a.ts'], (text) => {
    const short = shorten(text, 200);
    if (short.length > 201) throw new Error('it is not short');
    return short;
  }),
];
