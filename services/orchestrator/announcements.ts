/**
 * What the swarm is told of a batch of events: pure, so that a new leader derives the same mails from the same
 * journal (DESIGN 2.2). Texts are the seed's, to the letter.
 */
import type { Event } from '../../schemas/index.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';

export interface Announcement {
  readonly to: MailTarget;
  readonly text: string;
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
      return event.to === 'closed' && event.closing !== undefined
        ? both(`${event.task} closed by ${event.closing.by}`)
        : [];
    case 'task_moved':
      return event.to === 'closed' && event.closing !== undefined
        ? both(`${event.task} closed by ${event.closing.by}`)
        : [];
    case 'commit_landed':
      return [
        { to: topic, text: `committer: committed ${event.commit} ${event.subject}` },
        { to: inbox, text: `committer: ${event.commit}` },
      ];
    case 'commit_idle':
      return [{ to: topic, text: 'committer: no commit candidate' }];
    default:
      return [];
  }
}

/**
 * The mails of a batch: one per target, its lines in the order of the events. Under load the announcements of a
 * batch share a message, because an fsync for each would cost more than the board.
 */
export function announcementsOf(events: readonly Event[]): readonly Announcement[] {
  const texts = new Map<MailTarget, string[]>();
  for (const { to, text } of events.flatMap(lines)) {
    const known = texts.get(to);
    if (known === undefined) texts.set(to, [text]);
    else known.push(text);
  }
  return [...texts].flatMap(([to, all]) => inMails(all).map((text) => ({ to, text })));
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
