/**
 * The rules of letters: what is due, dead or settled is so by what stands in MAIL and BEAT, is told once, and in the end
 * nobody waits.
 */
import type { Event } from '../../schemas/index.ts';
import { type Facts, SILENCE_SHARE } from './facts.ts';
import type { LetterFact } from './letters.ts';

/** How far two clocks of the swarm may be apart, in ms: set wrongly, and by what they gain or lose in an hour. */
const apartMs = (now: number): number => 5_000 + now * 0.01;
/** Where the configuration says nothing. */
const DEAD_LETTER_AFTER_MS = 600_000;

/** What is wrong with what the journal says of a letter. */
export function lettersJudgedRight(facts: Facts, event: Event): string | undefined {
  switch (event.type) {
    case 'letter_posted': {
      const letter = facts.letters.all.get(event.letter.seq);
      return letter !== undefined && letter.postings > 0
        ? `letter ${letter.seq} was posted twice`
        : undefined;
    }
    case 'letter_settled': {
      const letter = facts.letters.all.get(event.seq);
      if (letter === undefined) return undefined;
      if (letter.isSettled) return `letter ${letter.seq} was settled twice`;
      const isReceived =
        letter.withinMs === undefined || letter.told !== undefined
          ? letter.receivedAt !== undefined
          : letter.acknowledgedAt !== undefined;
      return isReceived ? undefined : `letter ${letter.seq} was settled without a receipt that does so`;
    }
    case 'letter_overdue':
      return wronglyOverdue(facts, event.letter.seq);
    case 'letter_dead':
      return wronglyDead(facts, event.letter.seq, event.letter.why);
    default:
      return undefined;
  }
}

function wronglyTold({ seq, told, isSettled, postedAt }: LetterFact): string | undefined {
  if (told !== undefined) return `letter ${seq} was told of twice`;
  if (isSettled) return `letter ${seq} was told of when it was settled`;
  return postedAt === undefined ? `letter ${seq} was told of and never posted` : undefined;
}

function wronglyOverdue({ letters, decidedAt, haveClocksJumped }: Facts, seq: number): string | undefined {
  const letter = letters.all.get(seq);
  if (letter === undefined) return undefined;
  const { withinMs, postedAt = 0, acknowledgedAt } = letter;
  if (withinMs === undefined) return `letter ${seq} was overdue and has no deadline`;
  const wrong = wronglyTold(letter);
  if (wrong !== undefined || haveClocksJumped) return wrong;
  const slackMs = apartMs(decidedAt);
  const dueAt = postedAt + withinMs;
  if (decidedAt < dueAt - slackMs)
    return `letter ${seq} was overdue ${Math.round(dueAt - decidedAt)} ms before its time`;
  return acknowledgedAt !== undefined && acknowledgedAt < dueAt - slackMs
    ? `letter ${seq} was overdue, and acknowledged ${Math.round(dueAt - acknowledgedAt)} ms before its time`
    : undefined;
}

function wronglyDead(facts: Facts, seq: number, why: string | undefined): string | undefined {
  const letter = facts.letters.all.get(seq);
  if (letter === undefined) return undefined;
  const wrong = wronglyTold(letter);
  if (wrong !== undefined) return wrong;
  const { to } = letter;
  if (why === 'unknown') {
    const firstMail = facts.letters.firstMails.get(to.name) ?? Number.POSITIVE_INFINITY;
    const isKnown = firstMail < seq || facts.incarnations.has(to.name);
    return isKnown ? `letter ${seq} was dead, its reader ${to.name} unknown` : undefined;
  }
  const afterMs = facts.config?.policies.dead_letter_after_ms ?? DEAD_LETTER_AFTER_MS;
  const { decidedAt, haveClocksJumped } = facts;
  const seenAt = Math.max(facts.lastBeatOf(to.name), facts.letters.lastMailOf(to.name, decidedAt));
  // It has as long from when it was posted, by clocks that may be another's by then.
  const postedMs = haveClocksJumped ? afterMs : decidedAt - (letter.postedAt ?? 0) + apartMs(decidedAt);
  const silentMs = Math.min(decidedAt - seenAt, postedMs);
  return silentMs >= afterMs * SILENCE_SHARE
    ? undefined
    : `letter ${seq} was dead, and ${to.name} was there ${Math.round(silentMs)} ms before`;
}

/** In the end each letter was posted once, and what was acknowledged is settled. */
export function lettersOnce({ letters }: Facts): string | undefined {
  for (const { seq, postings, receivedAt, acknowledgedAt, withinMs, isSettled } of letters.all.values()) {
    if (postings !== 1) return `mail ${seq} was stored and posted ${postings} times`;
    const settlingAt = withinMs === undefined ? receivedAt : acknowledgedAt;
    if (settlingAt !== undefined && !isSettled)
      return `letter ${seq} was received, and its receipt had no effect`;
  }
  return undefined;
}

/** In the end whoever waits for a word on a letter has it: its deadline is over. */
export function lettersEnd({ letters }: Facts): string | undefined {
  for (const { seq, withinMs, told, isSettled } of letters.all.values()) {
    if (withinMs !== undefined && told === undefined && !isSettled)
      return `letter ${seq} was neither acknowledged nor told of`;
  }
  const { tellings, heard } = letters;
  for (const told of ['overdue', 'dead'] as const) {
    if (heard[told] !== tellings[told])
      return `${tellings[told]} letters came to be ${told}, and their writer heard of ${heard[told]}`;
  }
  return undefined;
}
