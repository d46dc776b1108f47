/**
 * The model of git: the homes of lanes, with branches, commits and fence refs. It keeps the promises of `LaneHome`, and
 * takes its time: a killer may come before an answer, and after the effect.
 */
import { createHash } from 'node:crypto';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CommitClone } from '../../shared/git/commit-clone.ts';
import type { LaneHome } from '../../shared/git/home.ts';
import { RUN_TRAILER } from '../../shared/git/message.ts';
import { trailerOf } from '../../shared/git/trailers.ts';

export interface ModelCommit {
  readonly id: string;
  readonly parent: string | undefined;
  readonly message: string;
}

/** The steps of a commit between which it matters who dies. */
export const commitSteps = ['raise', 'find', 'land'] as const;
export type CommitStep = (typeof commitSteps)[number];

/** A deliberate fault in how the home is used; see `mutations.ts`. */
export interface RepositoryFaults {
  readonly forgetsLookUp?: boolean;
  /** Lands whatever fence stands there. */
  readonly ignoresFences?: boolean;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

export class Repository {
  readonly commits = new Map<string, ModelCommit>();
  readonly branches = new Map<string, string>();
  readonly fences = new Map<string, number>();
  /** Landings under a fence that another had gone above. */
  readonly overruns: string[] = [];
  readonly root = hashOf('root');
  /** Told of what a committer is about to do. */
  onStep: (agent: string, step: CommitStep) => void = () => {};
  #made = 0;

  constructor() {
    this.commits.set(this.root, { id: this.root, parent: undefined, message: 'root' });
  }

  /** From the tip back to the beginning. */
  *line(branch: string): Generator<ModelCommit> {
    for (let at = this.branches.get(branch); at !== undefined; ) {
      const commit = this.commits.get(at);
      if (commit === undefined) return;
      yield commit;
      at = commit.parent;
    }
  }

  make(parent: string, message: string): string {
    this.#made += 1;
    const id = hashOf(`${parent} ${message} ${this.#made}`);
    this.commits.set(id, { id, parent, message });
    return id;
  }

  /** Somebody else pushes to the branch. */
  pushForeign(branch: string): string | undefined {
    const tip = this.branches.get(branch);
    if (tip === undefined) return undefined;
    const commit = this.make(tip, 'somebody else');
    this.branches.set(branch, commit);
    return commit;
  }

  /** `agent` works on a home with these. */
  hands(
    agent: string,
    home: string,
    clock: Clock,
    random: SeededRandom,
    faults: RepositoryFaults,
  ): { home: LaneHome; clone: CommitClone } {
    /** Something happens at one moment, and is told a moment later. */
    const git = async <T>(effect: () => T, step?: CommitStep): Promise<T> => {
      if (step !== undefined) this.onStep(agent, step);
      await clock.sleep(random.between(2, 40));
      const result = effect();
      await clock.sleep(random.between(2, 160));
      return result;
    };
    const lane: LaneHome = {
      home,
      gitDir: home,
      objectFormat: 'sha1',
      open: ({ branch }) =>
        git(() => {
          const tip = this.branches.get(branch) ?? this.root;
          this.branches.set(branch, tip);
          return tip;
        }),
      tip: (branch) => git(() => this.branches.get(branch)),
      fence: (name) => git(() => this.fences.get(name) ?? 0),
      raiseFence: (name, fence) =>
        git(() => {
          const standing = this.fences.get(name) ?? 0;
          if (standing > fence) return { status: 'outrun', by: standing };
          this.fences.set(name, fence);
          return { status: 'held' };
        }, 'raise'),
      findRun: (branch, { run }) =>
        git(() => {
          if (faults.forgetsLookUp === true) return undefined;
          for (const { id, parent, message } of this.line(branch)) {
            if (trailerOf(message, RUN_TRAILER) === run)
              return { commit: id, ...(parent === undefined ? {} : { parent }) };
          }
          return undefined;
        }, 'find'),
      land: (landing) =>
        git(() => {
          const tip = this.branches.get(landing.branch);
          const fence = this.fences.get(landing.lane) ?? 0;
          const isOurs = fence === landing.fence || faults.ignoresFences === true;
          if (tip !== landing.old || !isOurs)
            return { status: 'refused', fence, ...(tip === undefined ? {} : { tip }) };
          if (landing.fence < fence)
            this.overruns.push(
              `fence ${landing.fence} moved ${landing.branch}, whose lane was fenced at ${fence}`,
            );
          this.branches.set(landing.branch, landing.new);
          return { status: 'landed' };
        }, 'land'),
    };
    const clone: CommitClone = {
      gitDir: home,
      importBundle: async () => ({ status: 'imported' }) as never,
      apply: async () => ({ status: 'clean' }) as never,
      commitTree: ({ parent, message }) => git(() => this.make(parent ?? this.root, message)),
      discard: async () => {},
    };
    return { home: lane, clone };
  }
}
