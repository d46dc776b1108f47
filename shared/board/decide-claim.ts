/**
 * Decides a claim: who asks, whether what it holds is still its own, and which task it gets.
 *
 * A request id is incarnation, slot and number; repeating it is safe, a higher number voids lower ones, an
 * ended incarnation is never accepted again (DESIGN 2.2, 2.3). The answer `wait` means that the leader keeps
 * the claim until something changes.
 */
import type {
  AnyGrant,
  Claim,
  CommitGrant,
  Event,
  EventOf,
  Gate,
  Grant,
  LaneRef,
  Task,
  TaskGrant,
} from '../../schemas/index.ts';
import { budgetOf } from './budgets.ts';
import type { Decision } from './decision.ts';
import { consequences } from './dep-end.ts';
import { ended, inBudget, lost } from './grant-end.ts';
import { entryOf } from './lookup.ts';
import { type Chosen, pickSubmission, pickTask } from './schedule.ts';
import { type AgentRecord, type Board, roleOf, type SlotRecord } from './state.ts';

export interface ClaimInput {
  readonly from: string;
  readonly claim: Claim;
  /** How long the agent's known incarnation was silent for certain, by the leader's monotonic clock, in ms. */
  readonly silentMs: number;
}

export type ClaimDecision =
  | { readonly kind: 'granted'; readonly fence: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'ended'; readonly fence: number; readonly why: string }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    };

const no = (code: string, message: string, retryable: boolean): Decision<ClaimDecision> => ({
  events: [],
  answer: { kind: 'refused', code, message, retryable },
});

/**
 * First step: is the asker who it says, and what of its old grants ends by its asking. Events of this step
 * must be applied before `decidePick`.
 */
export function decideAsker(
  board: Board,
  input: ClaimInput,
  now: number,
): Decision<ClaimDecision | { kind: 'go' }> {
  const { from, claim, silentMs } = input;
  if (claim.genesis !== undefined && claim.genesis !== board.genesis) {
    return no(
      'other-genesis',
      `this project is ${board.genesis}, the claim is for ${claim.genesis}: start the agent anew`,
      false,
    );
  }
  const role = roleOf(board, from);
  if ((claim.work === 'commit') !== (role === 'committer')) {
    return no('wrong-role', `${from} has the role ${role} and asks for ${claim.work} work`, false);
  }
  const known = board.agents.get(from);
  if (known?.ended.has(claim.incarnation) === true) {
    return no(
      'incarnation-ended',
      `incarnation ${claim.incarnation} of ${from} has ended: start the agent anew`,
      false,
    );
  }
  if (known === undefined || known.incarnation !== claim.incarnation) {
    const lease = board.config.policies.lease_ms;
    if (known !== undefined && !isSamePlace(known, claim) && silentMs < lease) {
      return no(
        'name-in-use',
        `${from} is in use on ${known.place.host}; free after ${lease} ms of silence`,
        true,
      );
    }
    const events = known === undefined ? [] : endAll(board, from, now);
    return {
      events: [
        ...events,
        { type: 'agent_seen', agent: from, incarnation: claim.incarnation, place: claim.place },
      ],
      answer: { kind: 'go' },
    };
  }
  const slot = known.slots.get(claim.slot);
  if (slot === undefined) return { events: [], answer: { kind: 'go' } };
  if (claim.number < slot.number) {
    return no('voided', `claim ${claim.number} of slot ${claim.slot} came after claim ${slot.number}`, false);
  }
  const held = board.grants.get(slot.fence);
  if (claim.number === slot.number) {
    if (held !== undefined) return { events: [], answer: { kind: 'granted', fence: slot.fence } };
    return { events: [], answer: { kind: 'ended', fence: slot.fence, why: endOf(board, slot) } };
  }
  const task = held === undefined ? undefined : board.tasks.get(held);
  if (task?.grant === undefined) return { events: [], answer: { kind: 'go' } };
  if (claim.holds.includes(slot.fence)) {
    return no(
      'slot-busy',
      `slot ${claim.slot} of ${from} still holds ${task.id} (fence ${slot.fence})`,
      false,
    );
  }
  // An agent that leaves never began with what it was granted last: that is a release, not a loss.
  const event =
    claim.leaving === true && task.grant.kind === 'work'
      ? ended(task, task.grant, 'released', inBudget(board, task, { to: 'open' }))
      : lost(board, task, task.grant, 'unlisted', now, `${from} no longer listed it`);
  return { events: [event, ...followUps(board, event)], answer: { kind: 'go' } };
}

/** Second step: the best task or submission for the asker, or waiting. */
export function decidePick(board: Board, input: ClaimInput, now: number): Decision<ClaimDecision> {
  const { from, claim } = input;
  const pick =
    claim.work === 'commit' ? commitPick(board, claim) : pickTask(board, from, claim.capabilities, now);
  if (pick === undefined) {
    const idle = claim.work === 'commit' && !board.commitIdle && [...board.lanes.values()].every(isIdle);
    return { events: idle ? [{ type: 'commit_idle', agent: from }] : [], answer: { kind: 'wait' } };
  }
  const { task, profile, pool } = pick;
  const fence = board.nextFence;
  const grant: Grant = {
    kind: claim.work === 'commit' ? 'commit' : 'work',
    fence,
    agent: from,
    run:
      claim.work === 'commit' && task.submission !== undefined
        ? task.submission.run
        : `${board.genesis}-${fence}`,
    incarnation: claim.incarnation,
    slot: claim.slot,
    number: claim.number,
    profile,
    ...(pool === undefined ? {} : { pool }),
    granted_at: now,
  };
  return { events: [{ type: 'granted', task: task.id, grant }], answer: { kind: 'granted', fence } };
}

/** A committer's own profile runs it, whatever caps there are: nobody else could. */
function commitPick(board: Board, { capabilities }: Claim): Chosen | undefined {
  const task = pickSubmission(board, capabilities.lanes);
  return task === undefined ? undefined : { task, profile: capabilities.profile };
}

const isIdle = (lane: { waiting: ReadonlySet<string> }): boolean => lane.waiting.size === 0;

const isSamePlace = (agent: AgentRecord, claim: Claim): boolean =>
  agent.place.host === claim.place.host &&
  agent.place.boot === claim.place.boot &&
  agent.place.state === claim.place.state;

function endAll(board: Board, agent: string, now: number): Event[] {
  const events: EventOf<'grant_ended'>[] = [];
  for (const id of board.grants.values()) {
    const task = board.tasks.get(id);
    if (task?.grant === undefined || task.grant.agent !== agent || task.grant.kind === 'manual') continue;
    events.push(lost(board, task, task.grant, 'restarted', now, `${agent} was started anew`));
  }
  return [...events, ...followUps(board, ...events)];
}

/** What else follows from the ends of grants. */
export function followUps(board: Board, ...ends: EventOf<'grant_ended'>[]): Event[] {
  return consequences(board, new Map(ends.map(({ task, to }) => [task, to])));
}

function endOf(board: Board, slot: SlotRecord): string {
  const end = board.tasks.get(slot.task)?.last_end;
  return end?.fence === slot.fence ? end.why : 'ended';
}

/**
 * The grant as its owner gets it; undefined when it is not live. `withProfile`: names its profile, which only an owner
 * that offered several understands.
 */
export function grantView(board: Board, fence: number, withProfile = true): AnyGrant | undefined {
  const id = board.grants.get(fence);
  const task = id === undefined ? undefined : board.tasks.get(id);
  const grant = task?.grant;
  if (task === undefined || grant === undefined) return undefined;
  return grant.kind === 'commit' ? commitView(board, task, grant) : workView(board, task, grant, withProfile);
}

function workView(board: Board, task: Task, grant: Grant, withProfile: boolean): TaskGrant {
  const lane = laneRef(board, task);
  const budget = budgetOf(board, task);
  return {
    kind: 'work',
    ...head(board, task, grant),
    ...(task.body_file === undefined ? {} : { body_file: task.body_file }),
    expects: task.expects,
    attempt: task.attempts + 1,
    ...(lane === undefined ? {} : { lane }),
    gates: gatesOf(board, task),
    labels: task.labels,
    paths: task.paths,
    attachments: task.attachments,
    ...(task.note === undefined ? {} : { note: task.note }),
    ...(task.checkpoint === undefined ? {} : { checkpoint: task.checkpoint }),
    ...(grant.profile === undefined || !withProfile ? {} : { profile: grant.profile }),
    ...(budget === undefined ? {} : { budget }),
  };
}

function commitView(board: Board, task: Task, grant: Grant): CommitGrant | undefined {
  const lane = laneRef(board, task);
  if (lane === undefined || task.submission === undefined) return undefined;
  return {
    kind: 'commit',
    ...head(board, task, grant),
    submission: task.submission,
    lane,
    gates: gatesOf(board, task),
  };
}

const head = (board: Board, task: Task, grant: Grant) => ({
  fence: grant.fence,
  run: grant.run,
  task: task.id,
  title: task.title,
  lease_ms: board.config.policies.lease_ms,
  ...(task.body === undefined ? {} : { body: task.body }),
});

function laneRef(board: Board, task: Task): LaneRef | undefined {
  const lane = task.lane === undefined ? undefined : entryOf(board.config.lanes, task.lane);
  if (task.lane === undefined || lane === undefined) return undefined;
  const tip = board.lanes.get(task.lane)?.tip;
  return {
    name: task.lane,
    home: lane.home,
    base: lane.base,
    branch: lane.branch,
    ...(tip === undefined ? {} : { tip }),
  };
}

const gatesOf = (board: Board, task: Task): Gate[] =>
  task.gates.flatMap((name) => entryOf(board.config.gates, name) ?? []);
