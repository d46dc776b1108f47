/**
 * Deciders of the board with one deliberate fault each, around the real ones: what a leader would do that had forgotten a
 * rule. Used by `mutations.ts`.
 */
import type { Policies, Task } from '../../schemas/index.ts';
import type { Deciders } from '../../services/orchestrator/judge.ts';
import { evolve } from '../../shared/board/evolve.ts';
import type { Board, LaneRecord } from '../../shared/board/state.ts';
import type { Alterations } from './services.ts';

export const deciders = (change: (real: Deciders) => Partial<Deciders>): Alterations => ({
  deciders: (real) => ({ ...real, ...change(real) }),
});

type Config = Board['config'];

/** Decides claims as if the configuration were another one. */
export const claimsUnder = (other: (config: Config) => Config): Alterations =>
  deciders((real) => ({
    applyClaim: (board, input, now) => under(board, other, () => real.applyClaim(board, input, now)),
  }));

function under<T>(board: Board, other: (config: Config) => Config, decide: () => T): T {
  const { config } = board;
  board.config = other(config);
  try {
    return decide();
  } finally {
    board.config = config;
  }
}

/** Without one of the caps that the policies set. */
export const withoutCap =
  (cap: 'max_grants' | 'max_per_lane') =>
  ({ policies, ...rest }: Config): Config => {
    const { [cap]: _, ...others } = policies;
    return { ...rest, policies: others };
  };

export const withoutProfileCaps = ({ profiles, ...rest }: Config): Config => {
  const uncapped = Object.entries(profiles).map(([name, { max_concurrency: _, ...profile }]) => [
    name,
    profile,
  ]);
  return { ...rest, profiles: Object.fromEntries(uncapped) };
};

export const withPolicies =
  (changed: Partial<Policies>) =>
  (config: Config): Config => ({ ...config, policies: { ...config.policies, ...changed } });

export const withoutBudgets = ({ budgets: _, ...rest }: Config): Config => rest;

/** Decides as if the task were another one; what the decision makes of it stays. */
function asIf<T>(
  board: Board,
  id: string | undefined,
  changed: (task: Task) => Partial<Task>,
  decide: () => T,
): T {
  const task = id === undefined ? undefined : board.tasks.get(id);
  if (id === undefined || task === undefined) return decide();
  const other = { ...task, ...changed(task) };
  board.tasks.set(id, other);
  try {
    return decide();
  } finally {
    if (board.tasks.get(id) === other) board.tasks.set(id, task);
  }
}

/** The board's memory of ended incarnations, turned to acceptance. */
export function forgivesEnded(real: Deciders): Partial<Deciders> {
  return {
    applyClaim(board, input, now) {
      const known = board.agents.get(input.from);
      const isEnded = known?.ended.has(input.claim.incarnation) === true;
      if (known === undefined || !isEnded) return real.applyClaim(board, input, now);
      const claim = { ...input.claim, incarnation: known.incarnation };
      return real.applyClaim(board, { ...input, claim }, now);
    },
  };
}

export function takesOldReports(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      const grant = 'task' in report ? board.tasks.get(report.task)?.grant : undefined;
      const isOfOwner = report.kind !== 'takeover' && report.kind !== 'stale';
      if (grant === undefined || !('fence' in report) || !isOfOwner)
        return real.applyReport(board, input, now);
      const taken = { ...report, fence: grant.fence, run: grant.run };
      return real.applyReport(board, { ...input, from: grant.agent, report: taken }, now);
    },
  };
}

export function believesEverything(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, { sign: _, ...input }, now) {
      return real.applyReport(board, input, now);
    },
  };
}

export function countsNoAttempts(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'failed') return real.applyReport(board, input, now);
      return real.applyReport(board, { ...input, report: { ...report, outcome: 'killed' } }, now);
    },
  };
}

export function forgetsCommands(real: Deciders): Partial<Deciders> {
  return {
    applyCommand(board, input, now, fits) {
      board.answers.delete(input.command.id);
      return real.applyCommand(board, input, now, fits);
    },
  };
}

/** A task that was lost is none the wiser. */
export function countsNoLosses(real: Deciders): Partial<Deciders> {
  const fewer = ({ losses }: Task) => ({ losses: losses - 1 });
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'takeover') return real.applyReport(board, input, now);
      return asIf(board, report.task, fewer, () => real.applyReport(board, input, now));
    },
  };
}

export function countsLimits(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'failed' || report.outcome !== 'rate_limited')
        return real.applyReport(board, input, now);
      return real.applyReport(board, { ...input, report: { ...report, outcome: 'crashed' } }, now);
    },
  };
}

export function countsConflictsAsAttempts(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'bounced' || report.reason !== 'conflict')
        return real.applyReport(board, input, now);
      return real.applyReport(board, { ...input, report: { ...report, reason: 'gate' } }, now);
    },
  };
}

/** Goes on without one of the bounds that end a task. */
export const unbounded = (bound: 'max_attempts' | 'max_losses' | 'max_conflicts'): Alterations => {
  const boundless = withPolicies({ [bound]: 1_000 });
  return deciders((real) => ({
    applyReport: (board, input, now) => under(board, boundless, () => real.applyReport(board, input, now)),
    applyClaim: (board, input, now) => under(board, boundless, () => real.applyClaim(board, input, now)),
  }));
};

/** What the task expects is not looked at when its run is done. */
export function expectsNothing(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'done') return real.applyReport(board, input, now);
      return asIf(
        board,
        report.task,
        () => ({ expects: 'none' }),
        () => real.applyReport(board, input, now),
      );
    },
  };
}

/** A takeover is carried out, and its evidence told to nobody. */
export function takesInSilence(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const applied = real.applyReport(board, input, now);
      return { ...applied, events: applied.events.filter(({ type }) => type !== 'taken_over') };
    },
  };
}

/** Which report ended a grant is not remembered: neither guard of that knows a report which comes again. */
export function forgetsReports(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      const isOver =
        'fence' in report &&
        report.kind !== 'checkpoint' &&
        board.tasks.get(report.task)?.grant?.fence !== report.fence;
      if (!isOver) return real.applyReport(board, input, now);
      const unknown = { ...input, report: { ...report, id: `${report.id}-anew` } };
      const { answer, ...applied } = real.applyReport(board, unknown, now);
      return { ...applied, answer: { ...answer, id: report.id } };
    },
  };
}

/** The leader's own board knows of no deps; the journal does. */
export function forgetsDeps(real: Deciders): Partial<Deciders> {
  return {
    applyCommand(board, input, now, fits) {
      const applied = real.applyCommand(board, input, now, fits);
      for (const event of applied.events) {
        if (event.type !== 'task_added' || event.task.deps.length === 0) continue;
        const { id } = event.task;
        evolve(board, { type: 'task_edited', task: id, by: input.from, patch: { deps: [] } }, now);
      }
      return applied;
    },
  };
}

/** A submission that a committer may have landed is treated as one that nobody touched. */
export function forgetsCommits(real: Deciders): Partial<Deciders> {
  const untouched = ({ submission }: Task): Partial<Task> =>
    submission === undefined ? {} : { submission: { ...submission, unresolved: false } };
  return {
    applyCommand(board, input, now, fits) {
      const id = 'task' in input.command ? input.command.task : undefined;
      return asIf(board, id, untouched, () => real.applyCommand(board, input, now, fits));
    },
  };
}

/** Names go to whoever asks. */
export function givesNamesAway(real: Deciders): Partial<Deciders> {
  return {
    applyClaim: (board, input, now) =>
      real.applyClaim(board, { ...input, silentMs: Number.POSITIVE_INFINITY }, now),
  };
}

/** To committers a lane looks as if nothing of it were being committed. */
export function forgetsLanes(real: Deciders): Partial<Deciders> {
  return {
    applyClaim(board, input, now) {
      if (input.claim.work !== 'commit') return real.applyClaim(board, input, now);
      const busy = [...board.lanes].filter(([, { committing }]) => committing !== undefined);
      for (const [name, { committing = 0, unresolved: _, ...lane }] of busy) {
        lane.waiting.delete(board.grants.get(committing) ?? '');
        board.lanes.set(name, lane);
      }
      try {
        return real.applyClaim(board, input, now);
      } finally {
        for (const [name, before] of busy) restoreLane(board, name, before);
      }
    },
  };
}

/** Unless another commit was granted in it; what ended meanwhile has left it. */
function restoreLane(board: Board, name: string, before: LaneRecord): void {
  const lane = board.lanes.get(name);
  const task = board.grants.get(before.committing ?? 0);
  if (lane === undefined || task === undefined) return;
  lane.waiting.add(task);
  if (lane.committing === undefined) board.lanes.set(name, { ...before, ...lane });
}

/** Receipts are mail like any other. */
export function overlooksReceipts(real: Deciders): Partial<Deciders> {
  return {
    applyMail(board, input, now) {
      if (input.stored.mail.kind === 'receipt') return { events: [], answer: undefined };
      return applyMail(real)(board, input, now);
    },
  };
}

/** Whoever was not seen yet is unknown. */
export function knowsNobody(real: Deciders): Partial<Deciders> {
  return {
    applyMail: (board, { sight: _, ...input }, now) =>
      applyMail(real)(board, { ...input, sight: { isKnown: false, silentMs: 0 } }, now),
  };
}

/** A letter's reader who does not answer is gone. */
export function missesEverybody(real: Deciders): Partial<Deciders> {
  const sight = { isKnown: true, silentMs: 3_600_000 };
  return {
    applyLook(board, input, now) {
      if (real.applyLook === undefined) throw new Error('letters are looked at by nobody');
      return real.applyLook(board, { ...input, sight }, now);
    },
  };
}

function applyMail(real: Deciders): NonNullable<Deciders['applyMail']> {
  if (real.applyMail === undefined) throw new Error('mail is decided by nobody');
  return real.applyMail;
}

/** A claim that comes again is a claim like any other. */
export function forgetsClaims(real: Deciders): Partial<Deciders> {
  return {
    applyClaim(board, input, now) {
      const { claim } = input;
      const slots = board.agents.get(input.from)?.slots;
      if (slots?.get(claim.slot)?.number === claim.number) slots.delete(claim.slot);
      return real.applyClaim(board, input, now);
    },
  };
}
