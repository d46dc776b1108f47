/**
 * The rules that a swarm's history must keep, by their numbers in the issue that asks for this proof:
 *
 * 1. Fences only grow, no two grants live on one task, and each batch of the journal follows the one before it.
 * 2. Nothing old has an effect: what an ended grant says changes nothing, in the journal and in the branch.
 * 3. Each task that is closed by a commit has one commit, and no commit is without its task.
 * 4. Once faults stop every task ends closed, blocked, failed or cancelled, and every letter with a deadline acknowledged or
 *    told of.
 * 5. Nothing starts before its deps are closed.
 * 6. Caps, lanes and path scopes are never exceeded.
 * 7. Nothing is taken over before its rule allows.
 * 8. What was acknowledged takes effect, once; what stood in a tree is kept before it is removed.
 * 9. Attempts, losses and conflicts are counted right.
 */
import type { Event, GrantEnd, Task } from '../../schemas/index.ts';
import { RUN_TRAILER } from '../../shared/git/message.ts';
import { parseTrailers } from '../../shared/git/trailers.ts';
import { countedRight } from './counters.ts';
import { type Facts, SILENCE_SHARE } from './facts.ts';
import { lettersEnd, lettersJudgedRight, lettersOnce } from './letter-rules.ts';
import { project } from './services.ts';

export interface Rule {
  readonly number: number;
  /** What is wrong with an event, looked at before it takes effect. */
  readonly onEvent?: (facts: Facts, event: Event, now: number) => string | undefined;
  /** What is wrong in the end. */
  readonly atEnd?: (facts: Facts) => string | undefined;
}

const CLOCK_SHARE = 0.97;

const endsWell: readonly Task['state'][] = ['closed', 'blocked', 'failed', 'cancelled'];

export const rules: readonly Rule[] = [
  { number: 1, onEvent: growingFences },
  { number: 2, onEvent: liveFencesOnly },
  { number: 2, onEvent: endsItsOwnGrant },
  { number: 2, atEnd: growingFencesInBranches },
  { number: 2, atEnd: noLandingUnderAnOldFence },
  { number: 3, onEvent: landsWhatStandsThere },
  { number: 3, onEvent: changesAreCommitted },
  { number: 3, atEnd: oneCommitEach },
  { number: 4, atEnd: everyTaskEnds },
  { number: 5, onEvent: depsFirst },
  { number: 6, onEvent: capsKept },
  { number: 6, onEvent: scopesKept },
  { number: 6, onEvent: budgetsKept },
  { number: 7, onEvent: takenOnlyWhenAllowed },
  { number: 7, onEvent: heldByWhomItLists },
  { number: 7, onEvent: nameOfTheSilent },
  { number: 8, onEvent: effectOnce },
  { number: 8, atEnd: keptReportsDelivered },
  { number: 8, onEvent: checkpointsBeforeTheirEnd },
  { number: 8, onEvent: lettersJudgedRight },
  { number: 8, atEnd: lettersOnce },
  { number: 4, atEnd: lettersEnd },
  { number: 9, onEvent: countedRight },
];

function growingFences({ tasks, live, highestFence }: Facts, event: Event): string | undefined {
  if (event.type !== 'granted') return undefined;
  const { fence, kind } = event.grant;
  if (fence <= highestFence) return `fence ${fence} was granted after ${highestFence}`;
  const fact = tasks.get(event.task);
  if (fact === undefined) return `fence ${fence} was granted on ${event.task}, which nobody added`;
  if (fact.grant !== undefined)
    return `fence ${fence} was granted on ${event.task} while ${fact.grant.grant.fence} lives`;
  const { agent, slot } = event.grant;
  const other = [...live.values()].find(({ grant }) => grant.agent === agent && grant.slot === slot);
  if (other !== undefined && kind !== 'manual')
    return `slot ${slot} of ${agent} was given fence ${fence} while ${other.grant.fence} lives in it`;
  if (kind !== 'commit') return undefined;
  const rival = [...live.values()]
    .flatMap((other) => (other.grant.kind === 'commit' ? (tasks.get(other.task) ?? []) : []))
    .find((other) => other.spec.lane === fact.spec.lane);
  return (
    rival && `two commit grants live in lane ${fact.spec.lane}: of ${rival.spec.id} and of ${event.task}`
  );
}

function liveFencesOnly({ tasks, grants, reports }: Facts, event: Event): string | undefined {
  const live = (task: string, fence: number, agent: string | undefined): string | undefined => {
    const standing = tasks.get(task)?.grant?.grant;
    if (standing?.fence !== fence)
      return `${event.type} of fence ${fence} on ${task}, where ${standing?.fence ?? 'none'} lives`;
    if (agent !== undefined && standing.agent !== agent)
      return `${event.type} of fence ${fence} by ${agent}, it is ${standing.agent}'s`;
    return undefined;
  };
  switch (event.type) {
    case 'grant_ended':
      return (
        live(event.task, event.end.fence, event.agent) ??
        sameRun(event.end, grants.get(event.end.fence)?.grant.run)
      );
    case 'progressed':
    case 'stale_seen':
    case 'taken_over':
      return live(event.task, event.fence, event.agent);
    case 'run_used': {
      const wrong = live(event.task, event.fence, event.agent);
      if (wrong === undefined) return undefined;
      // After its end the usage of a run counts as well, told by whoever had it.
      const { agent, fence } = event;
      const isTold = [...reports.values()].some((report) => report.kind === 'used' && report.fence === fence);
      return isTold && grants.get(fence)?.grant.agent === agent ? undefined : wrong;
    }
    case 'checkpointed':
      return event.late ? undefined : live(event.task, event.checkpoint.fence, event.agent);
    default:
      return undefined;
  }
}

const sameRun = ({ fence, run }: GrantEnd, known: string | undefined) =>
  run === known ? undefined : `fence ${fence} ended as run ${run}, it is ${known}`;

/** What ends a grant speaks of that grant. */
function endsItsOwnGrant({ reports }: Facts, event: Event): string | undefined {
  if (event.type !== 'grant_ended' || event.end.report === undefined) return undefined;
  const report = reports.get(event.end.report);
  if (report === undefined || !('fence' in report) || report.fence === event.end.fence) return undefined;
  return `report ${report.id} of fence ${report.fence} ended fence ${event.end.fence}`;
}

function noLandingUnderAnOldFence({ repository }: Facts): string | undefined {
  return repository.overruns[0];
}

/** In a branch, commits are made under ever higher fences. */
function growingFencesInBranches({ repository }: Facts): string | undefined {
  for (const branch of repository.branches.keys()) {
    let above = Number.POSITIVE_INFINITY;
    for (const { id, message } of repository.line(branch)) {
      const fence = Number(trailer(message, 'Waggle-Fence') ?? Number.NaN);
      if (Number.isNaN(fence)) continue;
      if (fence >= above) return `${branch}: commit ${id} of fence ${fence} lies below one of fence ${above}`;
      above = fence;
    }
  }
  return undefined;
}

const trailer = (message: string, key: string): string | undefined =>
  parseTrailers(message).find((one) => one.key === key)?.value;

function landsWhatStandsThere({ repository }: Facts, event: Event): string | undefined {
  if (event.type !== 'commit_landed') return undefined;
  const commit = repository.commits.get(event.commit);
  if (commit === undefined) return `${event.task} is told to be in commit ${event.commit}, which nobody made`;
  const task = trailer(commit.message, 'Waggle-Task');
  return task === event.task ? undefined : `commit ${event.commit} is of ${task}, not of ${event.task}`;
}

/** What expects a change is closed by its commit, or by a person. */
function changesAreCommitted({ tasks }: Facts, event: Event): string | undefined {
  if (event.type !== 'grant_ended' || event.to !== 'closed') return undefined;
  const how = event.closing?.how ?? 'no word';
  const isAllowed = how === 'operator' || (how === 'committed' && event.end.why === 'committed');
  return tasks.get(event.task)?.spec.expects !== 'change' || isAllowed
    ? undefined
    : `${event.task} expects a change and was closed by ${how} after ${event.end.why}`;
}

function oneCommitEach({ repository, tasks, landed }: Facts): string | undefined {
  const commits = new Map<string, number>();
  const runs = new Set<string>();
  for (const branch of repository.branches.keys()) {
    for (const { id, message } of repository.line(branch)) {
      const task = trailer(message, 'Waggle-Task');
      const run = trailer(message, RUN_TRAILER);
      if (task === undefined || run === undefined) continue;
      if (runs.has(run)) return `run ${run} of ${task} was committed twice`;
      runs.add(run);
      commits.set(task, (commits.get(task) ?? 0) + 1);
      if (!landed.some(({ commit }) => commit === id))
        return `commit ${id} of ${task} is unknown to the board`;
    }
  }
  for (const [id, { commitClosings }] of tasks) {
    const made = commits.get(id) ?? 0;
    if (made !== commitClosings) return `${id} was closed by ${commitClosings} commits, and has ${made}`;
  }
  return undefined;
}

/** One that waits for a task which waits for a person has ended as far as it can. */
function everyTaskEnds({ tasks }: Facts): string | undefined {
  const waitsForPerson = (task: Task, seen: readonly string[] = []): boolean =>
    [...task.deps, ...(task.parent === undefined ? [] : [task.parent])].some((id) => {
      const other = tasks.get(id);
      if (other === undefined || seen.includes(id) || other.state === 'closed') return false;
      return other.state === 'blocked' || waitsForPerson(other.spec, [...seen, id]);
    });
  const left = [...tasks.values()].filter(
    ({ spec, state }) => !endsWell.includes(state) && !(state === 'open' && waitsForPerson(spec)),
  );
  return left.length === 0
    ? undefined
    : `${left.length} tasks have not ended: ${left
        .slice(0, 5)
        .map(({ spec, state, grant }) => `${spec.id} ${state} ${grant?.grant.agent ?? ''}`)
        .join(', ')}`;
}

function depsFirst({ tasks }: Facts, event: Event): string | undefined {
  if (event.type !== 'granted' || event.grant.kind === 'commit') return undefined;
  const open = tasks.get(event.task)?.spec.deps.filter((dep) => tasks.get(dep)?.state !== 'closed') ?? [];
  return open.length === 0 ? undefined : `${event.task} was started before ${open.join(', ')}`;
}

function capsKept(facts: Facts, event: Event): string | undefined {
  const { config, tasks } = facts;
  if (event.type !== 'granted' || event.grant.kind !== 'work' || config === undefined) return undefined;
  const live = [...facts.liveWork()];
  const spec = tasks.get(event.task)?.spec;
  const { max_grants, max_heavy, max_per_lane } = config.policies;
  const { profile = '' } = event.grant;
  const caps: [string, number | undefined, number][] = [
    ['all', max_grants, live.length],
    [
      'heavy',
      spec?.heavy === true ? max_heavy : undefined,
      live.filter(({ fact }) => fact.spec.heavy === true).length,
    ],
    [
      'lane',
      spec?.lane === undefined ? undefined : max_per_lane,
      live.filter(({ fact }) => fact.spec.lane === spec?.lane).length,
    ],
    [
      'profile',
      config.profiles[profile]?.max_concurrency,
      live.filter(({ grant }) => grant.profile === profile).length,
    ],
  ];
  const broken = caps.find(([, cap, used]) => cap !== undefined && used >= cap);
  return (
    broken && `${event.task} was granted over the cap of ${broken[0]}: ${broken[2]} of ${broken[1]} live`
  );
}

function scopesKept({ config, tasks }: Facts, event: Event): string | undefined {
  if (event.type !== 'granted' || event.grant.kind !== 'work') return undefined;
  const fact = tasks.get(event.task);
  if (fact === undefined || config?.policies.paths !== 'serialise') return undefined;
  const rival = [...tasks.values()].find(
    (other) =>
      other !== fact &&
      other.spec.lane === fact.spec.lane &&
      (other.grant?.grant.kind === 'work' || other.submission !== undefined) &&
      other.spec.paths.some((path) => fact.spec.paths.some((own) => meet(path, own))),
  );
  return rival && `${event.task} was granted on paths that ${rival.spec.id} uses`;
}

/** Of a budget that is spent nothing new is granted, until people change it. */
function budgetsKept({ spent }: Facts, event: Event): string | undefined {
  if (event.type !== 'granted' || event.grant.kind !== 'work' || spent.size === 0) return undefined;
  const { profile } = event.grant;
  const keys = [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    `project ${project}`,
    `task ${event.task}`,
  ];
  const key = keys.find((one) => spent.has(one));
  return key && `${event.task} was granted when the budget of ${key} was spent`;
}

function meet(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  return a.slice(0, b.length).every((step, at) => step === b[at]);
}

function takenOnlyWhenAllowed(facts: Facts, event: Event, now: number): string | undefined {
  if (event.type === 'grant_ended' && event.end.why === 'takeover') {
    const { fence } = event.end;
    const isEvident = facts.takenOver.has(fence) || facts.grants.get(fence)?.grant.kind === 'manual';
    return isEvident ? undefined : `fence ${fence} ended by a takeover of which nothing is told`;
  }
  if (event.type !== 'taken_over') return undefined;
  const { lease_ms, stale_after_ms, stale_grace_ms } = facts.config?.policies ?? {
    lease_ms: 0,
    stale_after_ms: 0,
    stale_grace_ms: 0,
  };
  const granted = facts.grants.get(event.fence);
  if (granted === undefined) return `fence ${event.fence} was taken and never given`;
  if (event.last_sign === undefined)
    return `fence ${event.fence} was taken without the last sign of its owner`;
  if (event.reason === 'dead') {
    if (event.silent_ms < lease_ms)
      return `fence ${event.fence} was taken as dead after ${event.silent_ms} ms`;
    const silentMs = facts.decidedAt - Math.max(facts.signOf(event.fence)?.at ?? 0, granted.at);
    const needed = lease_ms * SILENCE_SHARE;
    return silentMs >= needed
      ? undefined
      : `fence ${event.fence} of ${event.agent} was taken as dead, and listed ${Math.round(silentMs)} ms before`;
  }
  if (event.silent_ms < stale_after_ms + stale_grace_ms)
    return `fence ${event.fence} was taken as stale after ${event.silent_ms} ms`;
  const sinceNudge = now - (granted.nudgedAt ?? now);
  if (sinceNudge < stale_grace_ms * CLOCK_SHARE)
    return `fence ${event.fence} was taken ${Math.round(sinceNudge)} ms after its nudge`;
  const sincePrint = facts.decidedAt - (facts.signOf(event.fence)?.printedAt ?? granted.at);
  return sincePrint >= (stale_after_ms + stale_grace_ms) * CLOCK_SHARE
    ? undefined
    : `fence ${event.fence} was taken as stale, and printed ${Math.round(sincePrint)} ms before`;
}

/** A grant that a claim does not list is let go of because its answer was lost: then no beat ever listed it. */
function heldByWhomItLists(facts: Facts, event: Event): string | undefined {
  if (event.type !== 'grant_ended' || event.end.why !== 'unlisted') return undefined;
  const isHeld = facts.signOf(event.end.fence) !== undefined;
  return isHeld ? `fence ${event.end.fence} of ${event.agent} was let go, and its owner had it` : undefined;
}

/** A name goes to another machine only after its holder was silent for a lease, or left. */
function nameOfTheSilent(facts: Facts, event: Event): string | undefined {
  if (event.type !== 'agent_seen') return undefined;
  const known = facts.incarnations.get(event.agent);
  if (known === undefined || known.place.state === event.place.state) return undefined;
  const silentMs = facts.silenceOf(event.agent, known.id);
  const needed = (facts.config?.policies.lease_ms ?? 0) * SILENCE_SHARE;
  return silentMs >= needed
    ? undefined
    : `${event.agent} went to another machine ${Math.round(silentMs)} ms after a beat of the one that had it`;
}

function effectOnce({ effects, commands, notes }: Facts, event: Event): string | undefined {
  if (event.type === 'grant_ended' && event.end.report !== undefined && effects.has(event.end.report))
    return `report ${event.end.report} took effect twice`;
  if (event.type === 'answered' && commands.has(event.command))
    return `command ${event.command} took effect twice`;
  if (event.type === 'progressed' && notes.has(event.note)) return `the word "${event.note}" was taken twice`;
  return undefined;
}

/** What MAIL had of a run before its agent kept the report of its end counts before that report. */
function checkpointsBeforeTheirEnd(facts: Facts, event: Event): string | undefined {
  if (event.type !== 'checkpointed' || !event.late) return undefined;
  const { fence, number } = event.checkpoint;
  const id = facts.grants.get(fence)?.end?.report;
  const kept = id === undefined ? undefined : facts.kept.get(id);
  const mailedAt = facts.checkpointMailedAt(event.checkpoint);
  if (kept === undefined || mailedAt === undefined || mailedAt >= kept.at) return undefined;
  return `checkpoint ${number} of fence ${fence} was in MAIL before report ${id} was kept, and came too late`;
}

/** A final report that stood in an outbox is what ends its grant, unless something ended that first. */
function keptReportsDelivered({ kept, grants, doubled }: Facts): string | undefined {
  for (const [id, { report, agent, at }] of kept) {
    if (!('fence' in report)) continue;
    const granted = grants.get(report.fence);
    if (granted?.end === undefined)
      return `report ${id} of ${agent} is kept, and its grant ${report.fence} lives on`;
    const { why } = granted.end;
    if (granted.end.report === id || (granted.endedAt ?? 0) < at) continue;
    if (doubled.has(agent)) continue;
    if (why === 'restarted' || why === 'unlisted' || why === 'released')
      return `${agent} kept report ${id} (${report.kind}) of fence ${report.fence}, which then ended as ${why}`;
  }
  return undefined;
}
