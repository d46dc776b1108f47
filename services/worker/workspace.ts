/**
 * Where a run works: a fresh worktree of the lane at the tip its grant names, from the worker's mirror of the
 * lane's home; for tasks without a lane an empty folder. State, prompts and logs live outside of it.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRef, TaskGrant } from '../../schemas/index.ts';
import { putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createBundle } from '../../shared/git/bundle.ts';
import { captureChange } from '../../shared/git/change-set.ts';
import { workState } from '../../shared/git/work-state.ts';
import { addWorktree, removeWorktree } from '../../shared/git/worktree.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import { composePrompt } from './prompt.ts';
import type { Left } from './verdict.ts';

export interface Workspace {
  /** The folder the harness runs in. */
  readonly folder: string;
  readonly promptFile: string;
  readonly promptText: string;
  /** Folder of the run's own files: prompt, log, bundle. */
  readonly records: string;
  /** What the run left behind. */
  capture(signal: AbortSignal): Promise<Left>;
  /** Stores a change's bundle in FILES. */
  store(change: Extract<Left, { kind: 'change' }>, signal: AbortSignal): Promise<FileRef>;
  /** Removes the tree, unless it holds work that is stored nowhere. Says whether it is gone. */
  tidy(isStored: boolean): Promise<boolean>;
}

export interface WorkspaceOptions {
  /** The worker's state directory. */
  readonly stateDir: string;
  readonly mirrors: MirrorDesk;
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
}

export async function openWorkspace(
  { stateDir, mirrors, swarm, project, agent }: WorkspaceOptions,
  grant: TaskGrant,
  signal: AbortSignal,
): Promise<Workspace> {
  const folder = join(stateDir, 'work', grant.run);
  const records = join(stateDir, 'runs', grant.run);
  await mkdir(records, { recursive: true, mode: 0o700 });
  await mkdir(join(stateDir, 'work'), { recursive: true, mode: 0o700 });
  const promptText = composePrompt(grant);
  const promptFile = join(records, 'prompt.md');
  await writeFile(promptFile, promptText, { mode: 0o600 });
  const common = { folder, records, promptFile, promptText };
  const { lane } = grant;
  if (lane === undefined) {
    await mkdir(folder, { recursive: true });
    return {
      ...common,
      capture: async () => ({ kind: 'none' }),
      store: () => Promise.reject(new Error('a task without a lane has no change to store')),
      async tidy() {
        await rm(folder, { recursive: true, force: true });
        return true;
      },
    };
  }
  const { mirror, commit: base } = await mirrors.fetch(lane.home, {
    branch: lane.branch,
    base: lane.base,
    signal,
    ...(lane.tip === undefined ? {} : { tip: lane.tip }),
  });
  await addWorktree(mirror.gitDir, { dir: folder, commit: base, signal });
  return {
    ...common,
    async capture(stop) {
      const author = { name: agent, email: `${agent}@waggle.invalid` };
      const captured = await captureChange(folder, { base, message: grant.title, author, signal: stop });
      if (captured.kind === 'unfinished') {
        const files = captured.files.length === 0 ? '' : ` (${captured.files.slice(0, 5).join(', ')})`;
        return {
          kind: 'unfinished',
          reason: `the tree was left in the middle of a ${captured.operation}${files}`,
        };
      }
      return captured;
    },
    async store({ base: from, head }, stop) {
      const file = join(records, 'change.bundle');
      await createBundle(folder, { base: from, head, file, signal: stop });
      return putFile(swarm, project, agent, file);
    },
    async tidy(isStored) {
      if (!isStored && (await workState(folder, base)).hasWork) return false;
      await removeWorktree(mirror.gitDir, folder);
      return true;
    },
  };
}
