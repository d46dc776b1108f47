/**
 * What the swarm is told of a batch of events: pure, so that a new leader derives the same mails from the same
 * journal (DESIGN 2.2). Texts are the seed's, to the letter.
 */
import type { BudgetMark, Event, EventOf, Letter } from '../../schemas/index.ts';
import { amountText, limitText, scopeText } from '../../shared/board/budget-words.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { assertNever } from '../../shared/errors.ts';
import { mailId, rfc3339, targetText } from '../../shared/mail/message-id.ts';

export interface Announcement {
  readonly to: MailTarget;
  readonly text: string;
  /** `message` stands out in the orchestrator inbox: somebody has to act. Default: a `notice`. */
  readonly kind?: 'message' | 'notice';
}

const topic: MailTarget = { kind: 'topic', name: 'task' };
const inbox: MailTarget = { kind: 'agent', name: 'orchestrator' };

/** The lines of one event. */
function lines(event: Event): readonly Announcement[] {
  const both = (text: string) => [
    { to: topic, text },
    { to: inbox, text },
  ];
  switch (event.type) {
    case 'granted':
      return event.grant.kind === 'commit' ? [] : both(`claim: ${event.task} by ${event.grant.agent}`);
    case 'grant_ended':
      return [...takenOver(event), ...ended(event), ...escalation(event)];
    case 'task_moved':
      return ended(event);
    case 'progressed':
      return [{ to: topic, text: `${event.task} progress: ${oneLine(event.note)}` }];
    case 'stale_seen': {
      const minutes = Math.floor(event.silent_ms / 60_000);
      const text = `stale-check: ${event.task} no update >=${minutes}m; please post status/owner`;
      return [
        { to: topic, text },
        { to: { kind: 'agent', name: event.agent }, text },
      ];
    }
    case 'commit_landed':
      return [
        { to: topic, text: `committer: committed ${event.commit} ${event.subject}` },
        { to: inbox, text: `committer: ${event.commit}` },
      ];
    case 'commit_idle':
      return [{ to: topic, text: 'committer: no commit candidate' }];
    case 'profile_cooled':
    case 'profile_stopped':
    case 'profile_resumed':
      return ofProfile(event);
    case 'budget_reached':
      return [{ to: inbox, text: budgetText(event), kind: 'message' }];
    case 'letter_overdue':
      return toSender(event.letter, noAck(event.letter));
    case 'letter_dead':
      return toSender(event.letter, deadLetter(event));
    default:
      return [];
  }
}

function ofProfile(
  event: EventOf<'profile_cooled' | 'profile_stopped' | 'profile_resumed'>,
): readonly Announcement[] {
  const { profile } = event;
  switch (event.type) {
    case 'profile_cooled': {
      // Upwards: before that second it does not go on.
      const end = rfc3339(Math.ceil(event.until / 1_000) * 1_000);
      const text = `profile ${profile} cools down until ${end}: ${oneLine(event.reason)}`;
      return [{ to: topic, text }];
    }
    case 'profile_stopped': {
      const where = event.host === undefined ? '' : ` on ${oneLine(event.host)}`;
      const text = `profile ${profile} stopped${where}: ${oneLine(event.reason)}`;
      return [
        { to: topic, text },
        { to: inbox, text: `${text}; waggle profile resume ${profile}`, kind: 'message' },
      ];
    }
    case 'profile_resumed':
      return [{ to: topic, text: `profile ${profile} resumed by ${event.by}` }];
    default:
      return assertNever(event);
  }
}

/** What is used, and what happens now. */
function budgetText({ mark }: EventOf<'budget_reached'>): string {
  const percent = { warn: 80, pause: 95, stop: 100 }[mark.level ?? 'warn'];
  const used = `${percent} % of ${limitText(mark)} used (${amountText(mark.what, mark.used)})`;
  return `budget of ${scopeText(mark)}: ${used}${budgetEffect(mark)}`;
}

function budgetEffect({ scope, level, day }: BudgetMark): string {
  const until = day === undefined ? 'until it is raised' : 'until midnight (UTC) or until it is raised';
  switch (level) {
    case undefined:
    case 'warn':
      return '';
    case 'pause':
      return scope === 'task' ? '; its run is ended at 100 %' : `; nothing new is granted ${until}`;
    case 'stop':
      return scope === 'task' ? '; its run is ended' : `; runs are ended, nothing new is granted ${until}`;
    default:
      return assertNever(level);
  }
}

/** The sender hears it, and people do: somebody waits for an answer that does not come. */
const toSender = ({ from }: Letter, text: string): readonly Announcement[] => [
  { to: { kind: 'agent', name: from }, text },
  { to: inbox, text, kind: 'message' },
];

function noAck(letter: Letter): string {
  const { at, seq, to, ack_by: by } = letter;
  const id = mailId(at, seq);
  const when = by === undefined ? '' : ` by ${rfc3339(Math.floor(by / 1_000) * 1_000)}`;
  return `no ack: ${id} to ${targetText(to)}${when}; fmail trace ${id}`;
}

function deadLetter({ letter, unseen_ms }: EventOf<'letter_dead'>): string {
  const id = mailId(letter.at, letter.seq);
  const why =
    letter.why === 'unknown'
      ? 'nobody by that name was ever seen'
      : unseen_ms === undefined
        ? 'too many letters wait, and it is the oldest'
        : `not seen for ${span(unseen_ms)}`;
  return `dead letter: ${id} to ${targetText(letter.to)}: ${why}; fmail redeliver ${id}`;
}

const span = (ms: number): string =>
  ms < 120_000 ? `${Math.floor(ms / 1_000)}s` : `${Math.floor(ms / 60_000)}m`;

type Ended = EventOf<'grant_ended'>;

function takenOver({ task, end, to }: Ended): readonly Announcement[] {
  if (end.why !== 'takeover' || to !== 'open') return [];
  return [
    { to: topic, text: `stale-reopen: ${task} reopened for reassignment` },
    { to: inbox, text: `stale-reopen: ${task}` },
  ];
}

function ended(event: Ended | EventOf<'task_moved'>): readonly Announcement[] {
  const { task, to, closing } = event;
  if (to === 'blocked') return [{ to: inbox, text: `${task}: blocked` }];
  if (to !== 'closed' || closing === undefined) return [];
  const closed = `${task} closed by ${closing.by}`;
  return [
    { to: topic, text: closed },
    { to: inbox, text: closed },
    { to: inbox, text: `${task}: done` },
  ];
}

/** What stops until a person acts. */
function escalation({ task, to, reason, end, outcome }: Ended): readonly Announcement[] {
  const because = oneLine(reason ?? end.why);
  if (to === 'blocked') {
    const what = outcome === 'needs_input' ? 'needs input' : 'is blocked';
    return [
      { to: inbox, text: `${task} ${what}: ${because}; waggle answer ${task} <text>`, kind: 'message' },
    ];
  }
  if (to === 'failed') {
    return [{ to: inbox, text: `${task} failed: ${because}; waggle task retry ${task}`, kind: 'message' }];
  }
  return [];
}

/** Announcements are lines: a note of several becomes its first words. */
function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= NOTE_LIMIT ? flat : `${flat.slice(0, NOTE_LIMIT - 1)}…`;
}

const NOTE_LIMIT = 500;

/**
 * The mails of a batch: one per target, its lines in the order of the events. Under load the announcements of a
 * batch share a message, because an fsync for each would cost more than the board.
 */
export function announcementsOf(events: readonly Event[]): readonly Announcement[] {
  const groups = new Map<string, Omit<Announcement, 'text'> & { readonly texts: string[] }>();
  for (const { text, ...head } of events.flatMap(lines)) {
    const key = `${head.to.kind} ${head.to.name} ${head.kind ?? ''}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...head, texts: [text] });
    else known.texts.push(text);
  }
  return [...groups.values()].flatMap(({ texts, ...head }) =>
    inMails(texts).map((text) => ({ ...head, text })),
  );
}

/** Bodies are at most 64 KiB: a huge batch says it in several mails. */
const BODY_LIMIT = 60_000;

function inMails(texts: readonly string[]): string[] {
  const bodies: string[] = [];
  let body = '';
  for (const text of texts) {
    if (body !== '' && body.length + text.length + 1 > BODY_LIMIT) {
      bodies.push(body);
      body = '';
    }
    body = body === '' ? text : `${body}\n${text}`;
  }
  return body === '' ? bodies : [...bodies, body];
}
