import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFormatter } from '../../../../infra/demo/formatter.ts';
import type { GrantFact, JournalFacts } from '../../../../infra/demo/journal-facts.ts';
import { createParser } from '../../../../infra/demo/parser.ts';
import { type BoardWord, type Verdict, verifyResult } from '../../../../infra/demo/verification.ts';
import { commitFiles, gitIn, makeRepository, temporaryFolder } from '../../../support/repository.ts';

const place = temporaryFolder();
afterAll(() => place.remove());

const original = { 'a.js': 'let a=1\n', 'b.js': 'let b=2\n', 'c.js': 'let c=3\n' };
const formatted = { 'a.js': 'let a = 1;\n', 'b.js': 'let b = 2;\n', 'c.js': 'let c = 3;\n' };
type Name = keyof typeof formatted;

/** What each commit is made of; `undefined` makes none. */
interface Made {
  readonly files: Readonly<Record<string, string>>;
  readonly task: string;
  readonly run: string;
  readonly fence: number | string;
  readonly agent: string;
  readonly more?: string;
}

/** A right commit of the n-th file: work grant n, commit grant 10 + n. */
const right = (n: number): Made => {
  const name = Object.keys(formatted)[n] as Name;
  return { files: { [name]: formatted[name] }, task: `t${n}`, run: `run-${n}`, fence: 10 + n, agent: 'w1' };
};
const message = ({ task, run, fence, agent, more = '' }: Made) =>
  `style: ${task}\n\nWaggle-Task: ${task}\nWaggle-Run: ${run}\nWaggle-Fence: ${fence}\nWaggle-Agent: ${agent}\n${more}`;

let base: string;
let blobs: Record<Name, string>;
const home = join(place.path, 'home');
const { signal } = new AbortController();
const parser = createParser({ formatter: findFormatter('biome.json'), toolFolder: place.path, signal });

beforeAll(() => {
  makeRepository(home, original);
  base = gitIn(home, 'rev-parse', 'HEAD');
  const blob = (text: string) =>
    execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim();
  blobs = {
    'a.js': blob(formatted['a.js']),
    'b.js': blob(formatted['b.js']),
    'c.js': blob(formatted['c.js']),
  };
});

let runs = 0;

async function verify(
  commits: readonly Made[],
  board: Readonly<Record<string, Partial<BoardWord>>> = {},
  more: Partial<JournalFacts> = {},
): Promise<Verdict> {
  runs += 1;
  const branch = `waggle/demo-${runs}`;
  gitIn(home, 'checkout', '--quiet', '-b', branch, base);
  const words = new Map<string, BoardWord>();
  for (const made of commits)
    words.set(made.task, { state: 'closed', commit: commitFiles(home, made.files, message(made)) });
  for (const [task, word] of Object.entries(board))
    words.set(task, { ...(words.get(task) ?? { state: 'closed' }), ...word });
  const grants = new Map<number, GrantFact>();
  for (const n of [0, 1, 2]) {
    grants.set(n + 1, { task: `t${n}`, kind: 'work', agent: 'w1', run: `run-${n}` });
    grants.set(n + 10, { task: `t${n}`, kind: 'commit', agent: 'committer', run: `commit-${n}` });
  }
  return verifyResult({
    ...only(branch),
    tasks: Object.keys(formatted).map((path, n) => ({ id: `t${n}`, path, blob: blobs[path as Name] })),
    board: words,
    facts: { grants, doubleOwned: [], takeovers: 0, failovers: 0, busyMs: 0, ...more },
  });
}

test('a right result has no problems', async () => {
  const verdict = await verify([right(0), right(1), right(2)]);
  expect(verdict).toMatchObject({ problems: [], closed: 3, lost: [] });
  expect(verdict.commits.map(({ subject }) => subject)).toEqual(['style: t0', 'style: t1', 'style: t2']);
});

test('a missing commit is named, and its task counts as lost', async () => {
  const verdict = await verify([right(0), right(2)], { t1: { state: 'closed' } });
  expect(verdict.problems).toEqual(['t1 (b.js) has no commit']);
  expect(verdict).toMatchObject({ closed: 3, lost: ['t1'] });
});

test('a task that is not closed is lost, and the board says why', async () => {
  const verdict = await verify([right(0), right(1)], { t2: { state: 'blocked', reason: 'no luck' } });
  expect(verdict.problems).toEqual(['t2 (c.js) is blocked, not closed (no luck)', 't2 (c.js) has no commit']);
  expect(verdict).toMatchObject({ closed: 2, lost: ['t2'] });
});

test('a branch that is not there loses every task', async () => {
  const { problems, lost } = await verifyResultOfNoBranch();
  expect(problems[0]).toBe('there is no branch waggle/nowhere');
  expect(lost).toEqual(['t0']);
});

test('two commits of one task are one too many', async () => {
  const again = { ...right(0), files: { 'a.js': `${formatted['a.js']}\n` } };
  const { problems } = await verify([right(0), again, right(1), right(2)]);
  expect(problems.join('\n')).toMatch(/t0 \(a\.js\) has 2 commits/);
});

test.each<[string, Partial<Made>, RegExp]>([
  ['another run', { run: 'run-9' }, /Waggle-Run run-9 is no run of t1/],
  ["another task's run", { run: 'run-0' }, /Waggle-Run run-0 is no run of t1/],
  ['a fence that nobody was granted', { fence: 12.5 }, /Waggle-Fence 12\.5 is no commit grant of t1/],
  ['a fence of a work grant', { fence: 2 }, /Waggle-Fence 2 is no commit grant of t1/],
  ['another agent', { agent: 'w9' }, /Waggle-Agent is w9, and the run was w1's/],
  ['a second run', { more: 'Waggle-Run: run-1\n' }, /has 2 trailers Waggle-Run/],
])('a commit with the trailers of %s is found', async (_, change, expected) => {
  const { problems } = await verify([right(0), { ...right(1), ...change }, right(2)]);
  expect(problems.join('\n')).toMatch(expected);
});

test('fences that do not grow are found', async () => {
  const { problems } = await verify([right(1), right(0), right(2)]);
  expect(problems).toEqual([expect.stringMatching(/"style: t0" has fence 10, not above 11/)]);
});

test('a file that does not parse is found', async () => {
  const { problems } = await verify([right(0), { ...right(1), files: { 'b.js': 'let b = ;\n' } }, right(2)]);
  expect(problems.join('\n')).toMatch(/"style: t1": b\.js does not parse/);
});

test('a change that a later commit undid is found in both places', async () => {
  const undoing = { ...right(2), files: { 'c.js': formatted['c.js'], 'a.js': original['a.js'] } };
  const { problems } = await verify([right(0), right(1), undoing]);
  expect(problems).toEqual([
    expect.stringMatching(/t0: a\.js is no longer at the end of .* made it/),
    expect.stringMatching(/"style: t2" also changes a\.js/),
  ]);
});

test('a commit that does not hold its change is found', async () => {
  const { problems } = await verify([right(0), { ...right(1), files: {} }, right(2)]);
  expect(problems.join('\n')).toMatch(/"style: t1" does not hold the change of b\.js/);
});

test('a content that is not the tool’s own is found, though it parses', async () => {
  const { problems } = await verify([
    right(0),
    { ...right(1), files: { 'b.js': 'let b = 20;\n' } },
    right(2),
  ]);
  expect(problems).toEqual([expect.stringMatching(/b\.js is not what the tool makes of the original/)]);
});

test("a stranger's commit in the branch is found", async () => {
  const { problems } = await verify([
    right(0),
    right(1),
    right(2),
    { ...right(2), task: 'other', fence: 30, files: {} },
  ]);
  expect(problems).toEqual([expect.stringMatching(/"style: other" belongs to no task of this run/)]);
});

test('a closing that names another commit is found', async () => {
  const { problems } = await verify([right(0), right(1), right(2)], { t1: { commit: 'f'.repeat(40) } });
  expect(problems).toEqual([expect.stringMatching(/t1 was closed with ffffffffff, and \w{10} stands there/)]);
});

test('two owners at once are a problem however right the commits are', async () => {
  const { problems } = await verify([right(0), right(1), right(2)], {}, { doubleOwned: ['t1'] });
  expect(problems).toEqual(['t1 had two owners at once']);
});

test('the index must list exactly what the commit before it holds', async () => {
  const listing = (commit: string) =>
    `${gitIn(home, 'ls-tree', '-r', commit).replace(/^(\d+) blob (\w+)\t/gm, '$1 $2 0\t')}\n`;
  const check = async (text: string) => {
    gitIn(home, 'checkout', '--quiet', '-B', 'waggle/index', base);
    const made: Made = { files: { 'index.txt': text }, task: 'index', run: 'run-i', fence: 21, agent: 'w1' };
    const commit = commitFiles(home, made.files, message(made));
    const grants = new Map<number, GrantFact>([
      [20, { task: 'index', kind: 'work', agent: 'w1', run: 'run-i' }],
      [21, { task: 'index', kind: 'commit', agent: 'committer', run: 'commit-i' }],
    ]);
    return verifyResult({
      ...only('waggle/index'),
      tasks: [{ id: 'index', path: 'index.txt' }],
      board: new Map([['index', { state: 'closed', commit }]]),
      facts: { ...noFacts, grants },
    });
  };
  expect((await check(listing(base))).problems).toEqual([]);
  expect((await check('nothing\n')).problems).toEqual([
    expect.stringMatching(/index\.txt is not what the tool makes/),
  ]);
});

const noFacts: JournalFacts = { grants: new Map(), doubleOwned: [], takeovers: 0, failovers: 0, busyMs: 0 };

function only(branch: string) {
  return { gitDir: join(home, '.git'), base, branch, parser, folder: join(place.path, 'committed'), signal };
}

function verifyResultOfNoBranch(): Promise<Verdict> {
  const tasks = [{ id: 't0', path: 'a.js', blob: blobs['a.js'] }];
  return verifyResult({ ...only('waggle/nowhere'), tasks, board: new Map(), facts: noFacts });
}
