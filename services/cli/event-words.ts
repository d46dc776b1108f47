/**
 * The journal's events in words for people and as records for machines. Pure.
 */
import type { Event, EventOf, Letter, Quota, Usage } from '../../schemas/index.ts';
import { assertNever } from '../../shared/errors.ts';
import { mailId, targetText } from '../../shared/mail/message-id.ts';
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';
import { iso } from './tracker-record.ts';
import { budgetWords, usageWords } from './usage-words.ts';

/** An event with its batch's place in the journal and its time, in milliseconds since the epoch. */
export interface JournalEvent {
  readonly seq: number;
  readonly at: number;
  readonly event: Event;
}

/** The task that an event is about. */
export function taskOf(event: Event): string | undefined {
  if (event.type === 'task_added') return event.task.id;
  return 'task' in event ? event.task : undefined;
}

/** The grant that an event is about. */
export function fenceOf(event: Event): number | undefined {
  switch (event.type) {
    case 'granted':
      return event.grant.fence;
    case 'grant_ended':
      return event.end.fence;
    case 'checkpointed':
      return event.checkpoint.fence;
    case 'attached':
      return event.attachment.fence;
    default:
      return 'fence' in event ? event.fence : undefined;
  }
}

/** `TIME  SEQ  type  task  what, by whom`. */
export function eventLine({ seq, at, event }: JournalEvent, paint: Paint = noPaint): string {
  const task = taskOf(event);
  const type = event.type.replaceAll('_', ' ');
  const words = [...(task === undefined ? [] : [task]), ...eventWords(event)].map(singleLine).join('  ');
  return `${paint('dim', `${time(at)}  ${seq}`)}  ${paint('bold', type)}  ${words}`.trimEnd();
}

/**
 * As the journal has it, with its place and time; `task` is the task's id in every record, so what `task_added`
 * brings stands under `added`.
 */
export function eventRecord({ seq, at, event }: JournalEvent): object {
  const own =
    event.type === 'task_added'
      ? { type: event.type, task: event.task.id, by: event.task.created_by, added: event.task }
      : event;
  return { seq, timestamp: iso(at), ...own };
}

/** What the event says beside its type and its task. */
export function eventWords(event: Event): string[] {
  switch (event.type) {
    case 'genesis':
      return [`${event.project} begins as ${event.genesis}`];
    case 'led':
      return [`${event.leader}, term ${event.term}`];
    case 'configured':
      return [`by ${event.by}`];
    case 'answered':
      return [`${event.kind} by ${event.by}${tasksOf(event.tasks?.map(({ id }) => id) ?? [])}`];
    case 'task_added':
      return [`by ${event.task.created_by}`];
    case 'task_edited':
      return [`${Object.keys(event.patch).join(', ')} by ${event.by}`];
    case 'granted':
      return [`${event.grant.kind} to ${event.grant.agent}, fence ${event.grant.fence}`];
    case 'agent_seen':
      return [`${event.agent} on ${event.place.host}, incarnation ${event.incarnation}`];
    case 'grant_ended':
      return [
        `${event.end.why} (${event.agent}, fence ${event.end.fence}) -> ${event.to}${because(event.reason)}`,
      ];
    case 'commit_landed':
      return [`${event.commit.slice(0, 12)} in ${event.lane}: ${event.subject}`];
    case 'task_moved':
      return [`${event.why} by ${event.by} -> ${event.to}${because(event.reason)}`];
    case 'verb_deferred':
      return [`${event.deferred.verb} by ${event.deferred.by}${because(event.deferred.reason)}`];
    case 'progressed':
      return [`${event.agent}: ${event.note}`];
    case 'lane_tip':
      return [`${event.lane} at ${event.tip.slice(0, 12)} by ${event.by}`];
    case 'lane_moved':
      return [
        `${event.lane} from ${event.expected?.slice(0, 12) ?? 'nothing'} to ${event.found.slice(0, 12)}, found by ${event.by}`,
      ];
    case 'commit_idle':
      return [event.agent];
    case 'format':
      return [`${event.format} by ${event.by}`];
    case 'checkpointed':
      return [
        `${event.late ? 'late, ' : ''}number ${event.checkpoint.number} by ${event.agent}, fence ${event.checkpoint.fence}`,
      ];
    case 'stale_seen':
      return [`${event.agent}, fence ${event.fence}, ${seconds(event.silent_ms)} without progress`];
    case 'taken_over':
      return [
        `${event.reason}: from ${event.agent}, fence ${event.fence}, ${seconds(event.silent_ms)} silent, by ${event.by}${because(event.last_sign)}`,
      ];
    case 'attached':
      return [`${event.attachment.kind} by ${event.by}: ${event.attachment.text}`];
    case 'continued':
      return [`by ${event.by}, mail from ${event.mail_seq}${because(event.reason)}`];
    case 'registered':
      return [`${event.agent} as ${event.identity}${on(event.host)}`];
    case 'status_set':
      return [`${event.agent}: ${event.text ?? '-'}`];
    case 'letter_posted':
      return [letterWords(event.letter)];
    case 'letter_settled':
      return [`mail ${event.seq} ${event.state} by ${event.by}`];
    case 'letter_delivered':
      return [`mail ${event.seq} to ${event.by}, not acknowledged yet`];
    case 'letter_overdue':
      return [`${letterWords(event.letter)}: nobody acknowledged it in time`];
    case 'letter_dead':
      return [`${letterWords(event.letter)}: ${deathWords(event)}`];
    case 'letter_redelivered':
      return [`mail ${event.seq} by ${event.by}${event.copy ? ', as a copy' : ''}`];
    case 'profile_cooled':
      return [`${event.profile} until ${time(event.until)} by ${event.by}${because(event.reason)}`];
    case 'profile_stopped':
      return [`${event.profile}${on(event.host)} by ${event.by}${because(event.reason)}`];
    case 'profile_resumed':
      return [`${event.profile} by ${event.by}`];
    case 'profile_quota':
      return [`${event.profile}: ${quotaWords(event.quota)}`];
    case 'run_used':
      return [`${event.agent}, fence ${event.fence}${withProfile(event.profile)}: ${usageText(event.usage)}`];
    case 'run_recorded':
      return [recordedWords(event)];
    case 'budget_reached':
      return [budgetWords(event.mark)];
    default:
      return assertNever(event);
  }
}

/** `96 % used, until TIME`. */
export function quotaWords({ used, resets_at }: Quota): string {
  return `${Math.floor(used * 100)} % used${resets_at === undefined ? '' : `, until ${time(resets_at)}`}`;
}

function recordedWords({ agent, fence, profile, usage, note }: EventOf<'run_recorded'>): string {
  const used = usage === undefined ? '' : usageWords(usage);
  const parts = [
    `${agent}, fence ${fence}${withProfile(profile)}`,
    ...(note?.outcome === undefined ? [] : [`${note.outcome}${because(note.evidence?.[0])}`]),
    ...(used === '' ? [] : [used]),
  ];
  return parts.join('; ');
}

const withProfile = (profile: string | undefined): string =>
  profile === undefined ? '' : ` with ${profile}`;
const usageText = (usage: Usage): string => usageWords(usage) || 'nothing known';

const letterWords = ({ at, seq, from, to }: Letter): string =>
  `${mailId(at, seq)} from ${from} to ${targetText(to)}`;

function deathWords({ letter, unseen_ms }: EventOf<'letter_dead'>): string {
  if (letter.why === 'unknown') return 'nobody by that name was ever seen';
  return unseen_ms === undefined ? 'too many wait' : `not seen for ${seconds(unseen_ms)}`;
}

const on = (host: string | undefined): string => (host === undefined ? '' : ` on ${host}`);

const TASKS_SHOWN = 5;

function tasksOf(ids: readonly string[]): string {
  if (ids.length === 0) return '';
  const more = ids.length > TASKS_SHOWN ? `, and ${ids.length - TASKS_SHOWN} more` : '';
  return `: ${ids.slice(0, TASKS_SHOWN).join(', ')}${more}`;
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
const seconds = (ms: number): string => `${Math.floor(ms / 1_000)}s`;
const time = (at: number): string => iso(at).replace(/\.\d+Z$/, 'Z');
