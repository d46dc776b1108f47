/**
 * Commit objects: writing one from a tree that exists. Moves no ref and touches no working tree.
 */
import type { Commit } from './commit-id.ts';
import { gitLine } from './git.ts';
import type { Where } from './repository.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** Who signs what Waggle makes for its own use. */
export const waggle: Person = { name: 'Waggle', email: 'waggle@localhost' };
/** The date of objects that must come out the same whenever they are made. */
export const fixedDate = '@1000000000 +0000';

export interface NewCommit {
  readonly tree: string;
  /** Absent: a first commit. */
  readonly parent?: Commit | undefined;
  readonly message: string;
  readonly author: Person;
  /** Default: the author. */
  readonly committer?: Person;
  /** Git's date format (`@<seconds> +0000`) for both dates; default now. */
  readonly date?: string;
}

/** Writes a commit object; moves no ref. */
export async function commitTree(where: Where, commit: NewCommit): Promise<Commit> {
  const { author, committer = author, date, parent } = commit;
  const onto = parent === undefined ? [] : ['-p', parent];
  return gitLine(['commit-tree', ...onto, '-F', '-', commit.tree], {
    ...where,
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    },
  });
}
