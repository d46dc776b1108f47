/**
 * What a run of chaos showed, as data and as text for people.
 */
import type { Facts } from '../simulation/facts.ts';
import type { Breach, Judgement } from './judge.ts';
import type { People } from './people.ts';
import type { ChaosPlan, Members } from './plan.ts';
import { type Means, notRun, roleOf, type Struck } from './trouble.ts';

export interface Outcome {
  readonly seed: string;
  readonly minutes: number;
  readonly breaches: readonly Breach[];
  /** By state in the end. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly grants: number;
  readonly commits: number;
  readonly takeovers: number;
  readonly conflicts: number;
  readonly losses: number;
  readonly terms: number;
  /** Faults by kind and role: `kill worker`. */
  readonly faults: Readonly<Record<string, number>>;
  /** Faults whose target was dead or had no connection at that moment. */
  readonly missed: number;
  readonly bus_restarts: number;
  readonly words: number;
  readonly letters: number;
  /** Within the time of faults. */
  readonly longest_gap_without_grant_ms: number;
  readonly settle_ms: number;
  /** Kinds of faults that this system has no means for, with the reason. */
  readonly not_run: readonly string[];
  /** Rules that cannot be looked at from outside. */
  readonly not_checked: readonly string[];
  readonly repeat: string;
  /** Folder of the swarm, kept after a breach. */
  readonly kept?: string;
}

export function outcomeOf(run: {
  readonly seed: string;
  readonly durationMs: number;
  readonly window: { readonly from: number; readonly to: number };
  readonly settleMs: number;
  readonly plan: ChaosPlan;
  readonly members: Members;
  readonly struck: readonly Struck[];
  readonly disks: Means['disks'];
  readonly people: Pick<People, 'said' | 'letters'>;
  readonly judgement: Judgement;
  readonly breaches: readonly Breach[];
  readonly kept?: string;
}): Outcome {
  const { seed, durationMs, struck, members, judgement, people, window } = run;
  const { facts } = judgement;
  const absent = notRun(struck, run.disks);
  const done = struck.filter(({ missed }) => missed === undefined);
  const minutes = durationMs / 60_000;
  const ends = [...facts.grants.values()].map(({ end }) => end?.why);
  return {
    seed,
    minutes,
    breaches: run.breaches,
    tasks: Object.fromEntries(countBy(facts.tasks.values(), ({ state }) => state)),
    grants: facts.grants.size,
    commits: facts.landed.length,
    takeovers: facts.takeovers,
    conflicts: ends.filter((why) => why === 'bounced').length,
    losses: ends.filter((why) => why === 'restarted' || why === 'unlisted').length,
    terms: facts.terms,
    faults: Object.fromEntries(
      countBy(done, ({ fault }) => `${fault.kind} ${roleOf(fault.target, members)}`),
    ),
    missed: struck.length - done.length - struck.filter(({ fault }) => absent.has(fault.kind)).length,
    bus_restarts: done.filter(
      ({ fault }) =>
        fault.kind === 'bus-kill' || (fault.kind === 'kill' && roleOf(fault.target, members) === 'bus'),
    ).length,
    words: people.said,
    letters: people.letters,
    longest_gap_without_grant_ms: longestGap(facts, window),
    settle_ms: Math.round(run.settleMs),
    not_run: [...absent].map(([kind, why]) => `${kind}: ${why}`),
    not_checked: judgement.unchecked,
    repeat: repeatCommand(seed, minutes),
    ...(run.kept === undefined ? {} : { kept: run.kept }),
  };
}

/** The one line that repeats a schedule. */
export const repeatCommand = (seed: string, minutes: number): string =>
  `npm run chaos -- --minutes ${minutes} --seed ${seed}`;

function countBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return new Map([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function longestGap({ grants }: Facts, { from, to }: { from: number; to: number }): number {
  const times = [...grants.values()].map(({ at }) => at).filter((at) => at >= from && at <= to);
  const moments = [from, ...times, to].sort((one, other) => one - other);
  return Math.max(...moments.slice(1).map((at, n) => at - (moments[n] ?? at)));
}

/** Lines for people; breaches first. */
export function outcomeText(outcome: Outcome): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  const lines = [
    `${outcome.minutes} minutes of chaos, seed ${outcome.seed}: ${outcome.breaches.length} violations`,
    ...outcome.breaches
      .slice(0, 20)
      .map(({ rule, at, what }) => `  (${rule})${at === undefined ? '' : ` at ${at}`}: ${what}`),
    ...(outcome.kept === undefined ? [] : [`  kept: ${outcome.kept}`, `  ${outcome.repeat}`]),
    `tasks: ${list(outcome.tasks)}`,
    `grants: ${outcome.grants}, commits: ${outcome.commits}, takeovers: ${outcome.takeovers}, losses by restarts: ${outcome.losses}, bounced: ${outcome.conflicts}, terms: ${outcome.terms}`,
    `faults: ${list(outcome.faults)}; ${outcome.missed} met nobody`,
    `bus restarts: ${outcome.bus_restarts}; people said ${outcome.words} things and wrote ${outcome.letters} letters`,
    `longest time without a grant: ${outcome.longest_gap_without_grant_ms} ms; all tasks had ended ${outcome.settle_ms} ms after the last fault`,
    ...outcome.not_run.map((what) => `not run: ${what}`),
    ...outcome.not_checked.map((what) => `not checked in chaos: ${what}`),
  ];
  return `${lines.join('\n')}\n`;
}
