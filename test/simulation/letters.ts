/**
 * The letters of a simulated swarm as an independent reader knows them: what MAIL holds of them and their receipts, and what
 * the journal says became of each. Owns the rules of letters; only those are looked at that a person named `operator` wrote.
 */
import type { Event, StoredMail } from '../../schemas/index.ts';
import type { Facts } from './facts.ts';

interface LetterFact {
  readonly seq: number;
  readonly to: StoredMail['to'];
  readonly withinMs: number | undefined;
  /** Virtual times: when a receipt of its reader stood in MAIL, and one that says more than that it came. */
  receivedAt?: number;
  acknowledgedAt?: number;
  postings: number;
  /** Virtual time, as of the decision. */
  postedAt?: number;
  /** What its writer was told. */
  told?: 'overdue' | 'dead';
  isSettled: boolean;
}

const WRITER = 'operator';
/** How far two clocks of the swarm may be apart, in ms: set wrongly, and by what they gain or lose in an hour. */
const apartMs = (now: number): number => 5_000 + now * 0.01;
/** Between what the leader heard and what stood in BEAT. */
const SILENCE_SHARE = 0.7;

export class Letters {
  readonly #all = new Map<number, LetterFact>();
  /** How often their writer was to be told, and how often that stands in MAIL. */
  readonly tellings = { overdue: 0, dead: 0 };
  readonly heard = { overdue: 0, dead: 0 };
  /** Of each sender, the sequence of its first mail. Who only ever acknowledges is known by presence alone. */
  readonly firstMails = new Map<string, number>();

  get all(): ReadonlyMap<number, LetterFact> {
    return this.#all;
  }

  noteMail({ seq, from, to, mail }: StoredMail, now: number): void {
    if (to.kind !== 'receipt' && !this.firstMails.has(from)) this.firstMails.set(from, seq);
    if (mail.kind === 'message' && from === WRITER && to.kind !== 'receipt') {
      const { ack_within_ms: withinMs } = mail;
      if (withinMs !== undefined || to.kind === 'agent')
        this.#all.set(seq, { seq, to, withinMs, postings: 0, isSettled: false });
    }
    if (mail.kind === 'notice' && to.kind === 'agent' && to.name === WRITER)
      this.#noteNotice(mail.body ?? '');
    const letter = mail.receipt === undefined ? undefined : this.#all.get(mail.receipt.seq);
    if (letter === undefined || from === WRITER) return;
    if (letter.to.kind === 'agent' && letter.to.name !== from) return;
    letter.receivedAt ??= now;
    if (mail.receipt?.state === 'acknowledged') letter.acknowledgedAt ??= now;
  }

  /** What is told of a batch is one mail, a line for each. */
  #noteNotice(body: string): void {
    for (const line of body.split('\n')) {
      if (line.startsWith('no ack: ')) this.heard.overdue += 1;
      if (line.startsWith('dead letter: ')) this.heard.dead += 1;
    }
  }

  take(event: Event, decidedAt: number): void {
    if (!('seq' in event) && !('letter' in event)) return;
    const letter = this.#all.get('seq' in event ? event.seq : event.letter.seq);
    if (letter === undefined) return;
    switch (event.type) {
      case 'letter_posted':
        letter.postings += 1;
        letter.postedAt ??= decidedAt;
        return;
      case 'letter_settled':
        letter.isSettled = true;
        return;
      case 'letter_delivered':
        // It came after all, before its deadline: its acknowledgement is awaited again.
        delete letter.told;
        return;
      case 'letter_overdue':
      case 'letter_dead':
        letter.told = event.type === 'letter_dead' ? 'dead' : 'overdue';
        this.tellings[letter.told] += 1;
        return;
      default:
        return;
    }
  }
}

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
  const afterMs = facts.config?.policies.dead_letter_after_ms ?? 0;
  const silentMs = facts.decidedAt - Math.max(facts.lastBeatOf(to.name), letter.postedAt ?? 0);
  return silentMs >= afterMs * SILENCE_SHARE
    ? undefined
    : `letter ${seq} was dead ${Math.round(silentMs)} ms after ${to.name} was there`;
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
