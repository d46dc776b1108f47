/**
 * The tree of one run: what it changed, its checkpoints, and its removal. Works alike for the run that is under way
 * and for a tree that a dead predecessor left.
 *
 * A tree is not removed while it holds work that is in no bundle of the outbox (W3).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, FileRef, Report } from '../../schemas/index.ts';
import type { Outgoing } from '../../shared/agent/outbox.ts';
import { describeFile } from '../../shared/bus/files.ts';
import { createBundle } from '../../shared/git/bundle.ts';
import { captureChange } from '../../shared/git/change-set.ts';
import { dropRefs, isSaved, saveTree } from '../../shared/git/checkpoint.ts';
import { treeOf } from '../../shared/git/repository.ts';
import { removeWorktree } from '../../shared/git/worktree.ts';
import type { RandomId } from '../../shared/random.ts';
import { type TreeRecord, writeTreeRecord } from './tree-records.ts';
import type { Left } from './verdict.ts';

export interface RunTreeOptions {
  /** The tree itself. */
  readonly folder: string;
  /** Folder of the run's own files. */
  readonly records: string;
  readonly agent: string;
  readonly randomId: RandomId;
}

/** A checkpoint that is not handed in yet: `bundle` holds `checkpoint`, which is the tree `tree`. */
export interface TakenCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly bundle: string;
  readonly tree: string;
}

/** What a run, and whoever takes up what it left, needs of its tree. A port: simulations bring trees of their own. */
export type WorkTree = Pick<RunTree, keyof RunTree>;

export class RunTree {
  readonly folder: string;
  readonly #records: string;
  readonly #agent: string;
  readonly #randomId: RandomId;
  #record: TreeRecord;
  #written: Promise<void> = Promise.resolve();
  /** Nested repositories that no bundle can hold. */
  #skipped: readonly string[] = [];

  constructor(record: TreeRecord, { folder, records, agent, randomId }: RunTreeOptions) {
    this.folder = folder;
    this.#record = record;
    this.#records = records;
    this.#agent = agent;
    this.#randomId = randomId;
  }

  /** What the run left behind, as it would be submitted. */
  async capture(signal?: AbortSignal): Promise<Left> {
    const { git, title } = this.#record;
    if (git === undefined) return { kind: 'none' };
    const captured = await captureChange(this.folder, {
      base: git.base,
      message: title,
      author: this.#author(),
      signal,
    });
    if (captured.kind === 'unfinished') {
      const files = captured.files.length === 0 ? '' : ` (${captured.files.slice(0, 5).join(', ')})`;
      const reason = `the tree was left in the middle of a ${captured.operation}${files}`;
      return { kind: 'unfinished', reason };
    }
    this.#skipped = captured.skipped;
    return captured;
  }

  /** A change as a file, and how it will be referred to once it is stored. */
  async bundle(change: { base: string; head: string }): Promise<{ file: string; ref: FileRef }> {
    const file = join(this.#records, 'change.bundle');
    await createBundle(this.folder, { base: change.base, head: change.head, file });
    return { file, ref: await describeFile(this.#agent, file) };
  }

  /** The tree as it stands, in whatever state; undefined when it is as the newest checkpoint has it. */
  async checkpoint(signal?: AbortSignal): Promise<TakenCheckpoint | undefined> {
    const { git, savedTree, title, fence } = this.#record;
    if (git === undefined) return undefined;
    const taken = await saveTree(this.folder, {
      base: git.base,
      message: `wip: ${title}`,
      author: this.#author(),
      since: savedTree,
      signal,
    });
    this.#skipped = taken.skipped;
    if (!isSaved(taken)) return undefined;
    const { base, head, tree } = taken;
    const number = await this.nextNumber();
    const file = join(this.#records, 'checkpoint.bundle');
    await createBundle(this.folder, { base, head, file, signal });
    const ref = await describeFile(this.#agent, file);
    return { checkpoint: { fence, number, base, head, file: ref }, bundle: file, tree };
  }

  /** A number for a checkpoint that no other of this run has. */
  async nextNumber(): Promise<number> {
    const number = this.#record.checkpoints + 1;
    await this.#note({ checkpoints: number });
    return number;
  }

  /** A checkpoint as what goes into the outbox. */
  outgoing({ checkpoint, bundle }: Pick<TakenCheckpoint, 'checkpoint' | 'bundle'>): Outgoing {
    return { report: this.checkpointReport(checkpoint), bundle };
  }

  checkpointReport(checkpoint: Checkpoint): Report {
    const { task, fence, run } = this.#record;
    return { v: 1, kind: 'checkpoint', id: this.#randomId(), task, fence, run, checkpoint };
  }

  /** What the run's harness said last of its end: that it cannot go on, or not that. */
  async noteBlocked(reason: string | undefined): Promise<void> {
    const { blocked: _, ...record } = this.#record;
    this.#record = record;
    await this.#note(reason === undefined ? {} : { blocked: reason });
  }

  /** The same report as the run would have handed in; undefined when its harness said no such thing. */
  blockedReport(): Report | undefined {
    const { task, fence, run, blocked: reason } = this.#record;
    if (reason === undefined) return undefined;
    return { v: 1, kind: 'blocked', id: this.#randomId(), task, fence, run, outcome: 'blocked', reason };
  }

  /** What the tree holds in this state is in the outbox. */
  async noteSaved(tree: string): Promise<void> {
    await this.#note({ savedTree: tree });
  }

  /** The same, of a commit. */
  async noteSubmitted(head: string): Promise<void> {
    if (this.#skipped.length > 0) await this.noteSaved(await treeOf({ cwd: this.folder }, head));
  }

  /** The tree is whole, and whoever comes now may change it. `tree`: what it holds that is stored already. */
  async ready(refs: readonly string[], tree: string | undefined): Promise<void> {
    const { git } = this.#record;
    await this.#note({
      phase: 'running',
      ...(git === undefined ? {} : { git: { ...git, refs } }),
      ...(tree === undefined ? {} : { savedTree: tree }),
    });
  }

  /**
   * Removes the tree; `isSafe` says that all its work is in the outbox or not wanted. Otherwise it stays when it holds
   * anything that no checkpoint has; so it does for nested repositories. Says whether it is gone.
   */
  async remove(isSafe: boolean): Promise<boolean> {
    const { git } = this.#record;
    if (!isSafe && git !== undefined && (await this.#hasUnsaved(git.base))) return false;
    if (this.#skipped.length > 0) return false;
    await this.#note({ phase: 'over' });
    if (git === undefined) {
      await rm(this.folder, { recursive: true, force: true });
      return true;
    }
    await removeWorktree(git.gitDir, this.folder);
    await dropRefs(git.gitDir, git.refs);
    return true;
  }

  async #hasUnsaved(base: string): Promise<boolean> {
    const since = this.#record.savedTree;
    const author = this.#author();
    const taken = await saveTree(this.folder, { base, message: 'unsaved', author, since });
    this.#skipped = taken.skipped;
    return isSaved(taken);
  }

  async #note(fields: Partial<TreeRecord>): Promise<void> {
    this.#record = { ...this.#record, ...fields };
    // One after another: a checkpoint and the harness's word may come at once.
    const write = () => writeTreeRecord(this.#records, this.#record);
    const written = this.#written.then(write, write);
    this.#written = written;
    await written;
  }

  #author() {
    return { name: this.#agent, email: `${this.#agent}@waggle.invalid` };
  }
}
