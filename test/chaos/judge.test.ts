/**
 * The judgement of chaos can fail: honest histories pass, and each doctored one is named. Branches are real ones.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batch, Event, Submission, Task } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Stored } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { commitFiles, gitIn, makeRepository, temporaryFolder, writeFiles } from '../support/repository.ts';
import { readBranches } from './branches.ts';
import { judge } from './judge.ts';
import { tracesOf } from './tasks.ts';

const project = 'chaos';
const BRANCH = 'waggle/main';
const NOBODY = '0'.repeat(40);
const ids = ['t1.shared1', 't2.ina', 't3.shared1'];
let folder: ReturnType<typeof temporaryFolder>;
let repository: string;

beforeEach(() => {
  folder = temporaryFolder();
  repository = makeRepository(`${folder.path}/repository`);
  gitIn(repository, 'checkout', '--quiet', '-b', BRANCH);
});
afterEach(() => folder.remove());

const run = (n: number) => `run-${n}`;

/** Commits what task number `n` does, as a committer would; the commit. */
function land(n: number, fence = 10 * n + 5, more: Record<string, string> = {}): string {
  const id = ids[n - 1] ?? '';
  const { file, text, sharedFile } = tracesOf(id);
  const before = sharedFile === undefined ? '' : shared(sharedFile);
  const lines = sharedFile === undefined ? {} : { [sharedFile]: `${before}${id}\n` };
  const trailers = `Waggle-Task: ${id}\nWaggle-Run: ${run(n)}\nWaggle-Fence: ${fence}\nWaggle-Agent: w1`;
  return commitFiles(repository, { [file]: text, ...lines, ...more }, `feat: ${id}\n\n${trailers}`);
}

function shared(file: string): string {
  const names = gitIn(repository, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n');
  return names.includes(file) ? `${gitIn(repository, 'show', `HEAD:${file}`)}\n` : '';
}

const grant = (n: number, kind: 'work' | 'commit', fence: number): Event => ({
  type: 'granted',
  task: ids[n - 1] ?? '',
  grant: { kind, fence, agent: kind === 'work' ? 'w1' : 'committer', run: run(n), granted_at: fence },
});

const head = { attempts: 0, losses: 0, conflicts: 0 };

function submitted(n: number, fence = 10 * n): Event {
  const submission: Submission = {
    run: run(n),
    fence,
    agent: 'w1',
    base: NOBODY,
    head: NOBODY,
    bundle: { owner: 'w1', sha256: '0'.repeat(64), size_bytes: 1, chunks: 1 },
    submitted_at: 1,
    unresolved: false,
  };
  const end = { fence, run: run(n), why: 'submitted' } as const;
  return {
    type: 'grant_ended',
    task: ids[n - 1] ?? '',
    agent: 'w1',
    end,
    to: 'submitted',
    ...head,
    submission,
  };
}

function committed(n: number, commit: string, fence = 10 * n + 5): Event[] {
  const task = ids[n - 1] ?? '';
  const end = { fence, run: run(n), why: 'committed' } as const;
  const closing = { how: 'committed', by: 'w1', at: 1, commit, evidence: [] } as const;
  const landed = {
    lane: 'main',
    old: NOBODY,
    new: commit,
    commit,
    subject: task,
    by: 'committer',
    found: false,
  };
  return [
    {
      type: 'grant_ended',
      task,
      agent: 'committer',
      end,
      to: 'closed',
      ...head,
      closing: { ...closing, evidence: [] },
    },
    { type: 'commit_landed', task, ...landed },
  ];
}

/** Everything that happens to a task that goes well. */
const whole = (n: number, commit: string): Event[] => [
  grant(n, 'work', 10 * n),
  submitted(n),
  grant(n, 'commit', 10 * n + 5),
  ...committed(n, commit),
];

const added = (id: string): Event => ({ type: 'task_added', task: taskOf(id) });

function taskOf(id: string): Task {
  return {
    id,
    title: id,
    lane: 'main',
    priority: 'P2',
    labels: [],
    deps: [],
    paths: [],
    gates: [],
    expects: 'change',
    state: 'open',
    revision: 1,
    created_at: 1,
    updated_at: 1,
    created_by: 'operator',
    ...head,
    attachments: [],
  };
}

const lane = { home: '/repository', base: 'HEAD', branch: BRANCH, gates: [] };
const beginning: Event[] = [
  { type: 'led', leader: 'one', term: 1 },
  { type: 'configured', by: 'operator', config: { ...emptyConfig, lanes: { main: lane } } },
  ...ids.map(added),
];

/** What the judge says of a journal of these events, each a batch of its own. */
function verdictOf(
  events: readonly Event[],
  predecessorOf = (n: number) => `batch-${n - 1}`,
  taken: readonly string[] = ids,
) {
  const { journal } = streamNames(project);
  const stored = [...beginning, ...events].map((event, n): Stored => {
    const batch: Batch = {
      v: 1,
      id: `batch-${n}`,
      ...(n === 0 ? {} : { predecessor: predecessorOf(n) }),
      term: 1,
      at: 1_000 + n,
      mail_seq: 0,
      streams: {},
      events: [event],
    };
    const encoded = encode('Batch', batch);
    return { stream: journal, seq: n + 1, subject: subjectsOf(project).journal, at: 1_000 + n, ...encoded };
  });
  const branches = readBranches(repository, gitIn(repository, 'rev-parse', 'main'), [BRANCH]);
  return judge({ stored, passed: [] }, branches, project, taken).breaches.map(
    ({ rule, what }) => `(${rule}) ${what}`,
  );
}

const landAll = (): string[] => [land(1), land(2), land(3)];
const honest = (commits: readonly string[]): Event[] =>
  commits.flatMap((commit, at) => whole(at + 1, commit));

test('an honest history breaks no rule', () => {
  expect(verdictOf(honest(landAll()))).toEqual([]);
});

describe('a journal that lies is found', () => {
  test('a task that is granted twice at once', () => {
    const events = honest(landAll());
    const said = verdictOf([...events.slice(0, 1), grant(1, 'work', 11), ...events.slice(1)]);
    expect(said).toContain(`(1) fence 11 was granted on ${ids[0]} while 10 lives`);
  });

  test('a fence that goes back', () => {
    const [one = '', two = '', three = ''] = landAll();
    const said = verdictOf([...whole(2, two), ...whole(1, one), ...whole(3, three)]);
    expect(said).toContain('(1) fence 10 was granted after 25');
  });

  test('a batch that does not follow the one before it', () => {
    const said = verdictOf(honest(landAll()), (n) => (n === 7 ? 'batch-2' : `batch-${n - 1}`));
    expect(said.join()).toContain('(1) batch 8 follows batch-2, and batch-6 stands before it');
  });

  test('a report of an ended grant that takes effect', () => {
    const events = honest(landAll());
    expect(verdictOf([...events.slice(0, 2), submitted(1), ...events.slice(2)]).join()).toContain(
      `(2) grant_ended of fence 10 on ${ids[0]}, where none lives`,
    );
  });

  test('a task that was taken from people and is nowhere', () => {
    expect(verdictOf(honest(landAll()), undefined, [...ids, 'gone'])).toEqual([
      '(8) taken from people, and not in the journal: gone',
    ]);
  });

  test('a task that expects a change and is closed without one', () => {
    const commits = [land(1), land(2)];
    const closed = cancelled(3, 30).map((event) =>
      event.type === 'grant_ended'
        ? {
            ...event,
            to: 'closed' as const,
            closing: { how: 'reported' as const, by: 'w1', at: 1 },
            end: { ...event.end, why: 'done' as const },
          }
        : event,
    );
    expect(verdictOf([...honest(commits), grant(3, 'work', 30), ...closed])).toEqual([
      `(3) ${ids[2]} expects a change and was closed by reported after done`,
      `(3) ${ids[2]} is closed, and no commit closed it`,
    ]);
  });

  test('a task that has not ended', () => {
    const commits = [land(1), land(2)];
    expect(verdictOf([...honest(commits), grant(3, 'work', 30)])).toEqual([
      `(4) 1 tasks have not ended: ${ids[2]} claimed w1`,
    ]);
  });
});

describe('a branch that lacks something or has too much is found', () => {
  test('the commit of a closed task is missing', () => {
    const commits = landAll();
    gitIn(repository, 'reset', '--quiet', '--hard', 'HEAD~1');
    const said = verdictOf(honest(commits));
    expect(said).toContain(`(3) ${ids[2]} was closed by 1 commits, and has 0`);
    expect(said.join()).toContain('which nobody made');
  });

  test('a run that was committed twice', () => {
    const commits = landAll();
    land(3, 36, { 'free/again.txt': 'again\n' });
    // The newer one comes first: the board knows nothing of it.
    const said = verdictOf([...honest(commits), ...committed(3, gitIn(repository, 'rev-parse', 'HEAD'), 36)]);
    expect(said).toContain(`(3) run ${run(3)} of ${ids[2]} was committed twice`);
    expect(verdictOf(honest(commits)).join()).toContain(`of ${ids[2]} is unknown to the board`);
  });

  test('a commit that nobody knows of', () => {
    const commits = [land(1), land(2)];
    land(3);
    const said = verdictOf([...honest(commits), grant(3, 'work', 30), ...cancelled(3, 30)]);
    expect(said.join()).toContain(`of ${ids[2]} is unknown to the board`);
  });

  test('a commit of no task', () => {
    const commits = landAll();
    const foreign = commitFiles(repository, { 'free/x.txt': 'x' }, 'feat: by somebody');
    expect(verdictOf(honest(commits))).toEqual([
      `(3) ${BRANCH}: commit ${foreign} is of no task (no trailer)`,
    ]);
  });

  test('commits whose fences do not grow', () => {
    const commits = [land(1), land(2, 8), land(3)];
    expect(verdictOf(honest(commits)).join()).toContain(
      `(2) ${BRANCH}: commit ${commits[0]} of fence 15 lies below one of fence 8`,
    );
  });

  test('a line that another commit took away', () => {
    const commits = [land(1), land(2)];
    writeFiles(repository, { 'shared/1.txt': '' });
    gitIn(repository, 'add', '--all');
    const { file, text, sharedFile = '' } = tracesOf(ids[2] ?? '');
    const trailers = `Waggle-Task: ${ids[2]}\nWaggle-Run: ${run(3)}\nWaggle-Fence: 35\nWaggle-Agent: w1`;
    const third = commitFiles(
      repository,
      { [file]: text, [sharedFile]: `${ids[2]}\n` },
      `feat: x\n\n${trailers}`,
    );
    expect(verdictOf(honest([...commits, third]))).toEqual([
      `(work) ${BRANCH}: shared/1.txt names ${ids[0]} 0 times`,
    ]);
  });

  test('a file that is half of what the task did', () => {
    const id = ids[1] ?? '';
    const commits = [land(1), land(2, 25, { [tracesOf(id).file]: `${id} begun\n` }), land(3)];
    expect(verdictOf(honest(commits)).join()).toContain(`(work) ${BRANCH}: src/a/${id}.txt of ${id} is`);
  });

  test('a commit that changes what is another task of', () => {
    const commits = [land(1), land(2, 25, { 'free/strange.txt': 'x' }), land(3)];
    expect(verdictOf(honest(commits))).toEqual([
      `(work) ${BRANCH}: commit ${commits[1]} of ${ids[1]} changes free/strange.txt`,
    ]);
  });
});

function cancelled(n: number, fence: number): Event[] {
  const end = { fence, run: run(n), why: 'cancelled' } as const;
  return [{ type: 'grant_ended', task: ids[n - 1] ?? '', agent: 'w1', end, to: 'cancelled', ...head }];
}
