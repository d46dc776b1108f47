/**
 * Holds what was recorded of a real swarm against the rules of the simulation, and its branches against what the tasks
 * must have left there. Pure: it looks at a tape and at branches, never at processes.
 */
import { tryDecode } from '../../shared/bus/codec.ts';
import { parseTrailers } from '../../shared/git/trailers.ts';
import { Facts } from '../simulation/facts.ts';
import { Witness } from '../simulation/witness.ts';
import type { Branches } from './branches.ts';
import type { Tape } from './tape.ts';
import { tracesOf } from './tasks.ts';

/** `rule`: a number of `simulation/checks.ts`, or the name of a rule that chaos adds. */
export interface Breach {
  readonly rule: string;
  readonly at?: number;
  readonly what: string;
}

export interface Judgement {
  readonly breaches: readonly Breach[];
  readonly facts: Facts;
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
}

const UNCHECKED = [
  'rule 2, landings under a fence that another had raised: known only where the refs are moved (fences that grow along each branch are checked)',
  'rule 8, reports that stood in an outbox whose grant ended by a restart: known only on the disk at that moment (outboxes are empty in the end)',
];

/** `added`: the tasks of which people were told that they are taken. */
export function judge(
  tape: Tape,
  branches: Branches,
  project: string,
  added: readonly string[] = [],
): Judgement {
  const facts = new Facts(branches, false);
  const moment = { now: 0 };
  const witness = new Witness(moment, facts, project);
  for (const report of reportsOn(tape)) facts.reports.set(report.id, report);
  for (const { at, play } of inOrder(tape, witness)) {
    moment.now = at;
    play();
  }
  witness.conclude();
  const breaches: Breach[] = witness.violations.map(({ rule, at, what }) => ({
    rule: String(rule),
    at,
    what,
  }));
  const unknown = added.filter((id) => !facts.tasks.has(id));
  if (unknown.length > 0)
    breaches.push({ rule: '8', what: `taken from people, and not in the journal: ${unknown.join(', ')}` });
  breaches.push(...foreignCommits(facts, branches), ...lostWork(facts, branches));
  const unseen =
    facts.unseen === 0
      ? []
      : [`rule 9, the counters of ${facts.unseen} ends whose report passed while the recorder had no bus`];
  return { breaches, facts, unchecked: [...UNCHECKED, ...unseen] };
}

/** A report is known before its effect, however late its way here was: it never changes. */
function reportsOn({ passed, stored }: Tape) {
  return [
    ...passed.flatMap((message) => {
      const claim = tryDecode('Claim', message);
      return claim.ok && claim.value.report !== undefined ? [claim.value.report] : [];
    }),
    ...stored.flatMap((message) => {
      const mail = tryDecode('Mail', message);
      return mail.ok && mail.value.report !== undefined ? [mail.value.report] : [];
    }),
  ];
}

interface Moment {
  readonly at: number;
  readonly play: () => void;
}

/** By time; what was stored in a millisecond comes before what passed in it. A stream's own order stands. */
function inOrder({ stored, passed }: Tape, witness: Witness): Moment[] {
  const latest = new Map<string, number>();
  const moments: Moment[] = stored.map((message) => {
    const at = Math.max(Math.floor(message.at), latest.get(message.stream) ?? 0);
    latest.set(message.stream, at);
    return { at, play: () => witness.stored(message) };
  });
  moments.push(...passed.map((message) => ({ at: message.at, play: () => witness.taken('swarm', message) })));
  return moments.sort((one, other) => one.at - other.at);
}

/** Nobody but the committers writes to the branches, and each commit changes what its task may change. */
function foreignCommits({ tasks }: Facts, branches: Branches): Breach[] {
  const breaches: Breach[] = [];
  for (const branch of branches.branches.keys()) {
    for (const { id, message, files, parents } of branches.line(branch)) {
      const task = parseTrailers(message).find(({ key }) => key === 'Waggle-Task')?.value;
      if (task === undefined || !tasks.has(task)) {
        breaches.push({ rule: '3', what: `${branch}: commit ${id} is of no task (${task ?? 'no trailer'})` });
        continue;
      }
      const { file, sharedFile } = tracesOf(task);
      const foreign = files.filter((name) => name !== file && name !== sharedFile);
      if (foreign.length > 0 || parents.length !== 1)
        breaches.push({
          rule: 'work',
          what: `${branch}: commit ${id} of ${task} changes ${foreign.join(', ') || 'a merge'}`,
        });
    }
  }
  return breaches;
}

/** What a closed task did stands in its branch, whole, once. */
function lostWork({ tasks, config }: Facts, branches: Branches): Breach[] {
  const breaches: Breach[] = [];
  for (const [id, { spec, state, commitClosings }] of tasks) {
    // Nobody closes a task by hand here.
    if (commitClosings === 0 && state === 'closed')
      breaches.push({ rule: '3', what: `${id} is closed, and no commit closed it` });
    if (commitClosings === 0) continue;
    const branch = config?.lanes[spec.lane ?? '']?.branch ?? '';
    const { file, text, sharedFile } = tracesOf(id);
    const found = branches.text(branch, file);
    if (found !== text)
      breaches.push({ rule: 'work', what: `${branch}: ${file} of ${id} is ${JSON.stringify(found)}` });
    if (sharedFile === undefined) continue;
    const lines = (branches.text(branch, sharedFile) ?? '').split('\n').filter((line) => line === id);
    if (lines.length !== 1)
      breaches.push({ rule: 'work', what: `${branch}: ${sharedFile} names ${id} ${lines.length} times` });
  }
  return breaches;
}
