/**
 * The letters of a simulated swarm as an independent reader knows them: what MAIL holds of them and their receipts, and what
 * the journal says became of each. Only those are looked at that a person named `operator` wrote.
 */
import type { Event, StoredMail } from '../../schemas/index.ts';

export interface LetterFact {
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
const MAILS_KEPT = 16;
/** How long a mail may be on its way to a leader. */
const UNREAD_MS = 1_000;
export class Letters {
  readonly #all = new Map<number, LetterFact>();
  /** How often their writer was to be told, and how often that stands in MAIL. */
  readonly tellings = { overdue: 0, dead: 0 };
  readonly heard = { overdue: 0, dead: 0 };
  /** Of each sender, the sequence of its first mail. Who only ever acknowledges is known by presence alone. */
  readonly firstMails = new Map<string, number>();
  /** Of each sender, when its last mails were stored. */
  readonly #mailedAt = new Map<string, number[]>();

  get all(): ReadonlyMap<number, LetterFact> {
    return this.#all;
  }

  noteMail({ seq, from, to, mail }: StoredMail, now: number): void {
    const times = this.#mailedAt.get(from) ?? [];
    this.#mailedAt.set(from, [...times, now].slice(-MAILS_KEPT));
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

  /** When the last mail of that sender was stored, of those that a leader can have read by then; else 0. */
  lastMailOf(name: string, decidedAt: number): number {
    return this.#mailedAt.get(name)?.findLast((at) => at <= decidedAt - UNREAD_MS) ?? 0;
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
