/**
 * What stands in a tree of a simulated worker: one text, and what is known of the tree beside it.
 */
import type { TreeRecord } from '../../services/worker/tree-records.ts';

/** A tree on a disk, and what is known of it beside it. */
export interface Work {
  record: TreeRecord;
  /** Empty: as it was made. */
  content: string;
}

/** What a tree holds that goes on from a checkpoint. */
export const resumedFrom = (head: string): string => `after ${head}`;

/** Whether anybody has changed it since it was made. */
export const holdsWork = ({ content }: Work): boolean =>
  content !== '' && !content.startsWith(resumedFrom(''));

export const changeBundle = (content: string): string => `change ${content}`;
export const checkpointBundle = (content: string): string => `wip ${content}`;
/** Each of which holds all of it. */
export const bundlesOf = (content: string): string[] => [changeBundle(content), checkpointBundle(content)];
