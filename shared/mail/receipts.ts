/**
 * What reading leaves behind: receipts of one reader, as mails of its own.
 *
 * 1. Only for mail to the reader, and for mail to a topic or the orchestrator whose sender asked to be acknowledged;
 *    never for own mail.
 *    A notice or a report is never told to be delivered; that the reader has read a notice is kept, or it would stay
 *    unread for ever.
 * 2. Each state at most once: what stands is looked up first, and the receipt's id drops a copy of the same moment.
 * 3. `delivered` is written in the background, one batch after another, and awaited by `drain`. One that is lost is
 *    written when the mail is handed over again.
 */
import type { ReceiptState, StoredMail } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import type { BusLink } from './bus-link.ts';
import { backward, type MailPage, onward } from './pages.ts';
import { post } from './post.ts';
import { storeId } from './store-id.ts';

const ranks: Readonly<Record<ReceiptState, number>> = { delivered: 1, read: 2, acknowledged: 3 };
/** More mails than this are looked up by one reading of the reader's receipts. */
const SINGLY = 4;
/** How many mails a desk remembers to have told of. */
const REMEMBERED = 10_000;

export interface Receipts {
  /** The mails have been handed to the reader. */
  handed(mails: readonly StoredMail[]): void;
  /** Resolves when the state is stored; at once where nobody is to be told. Errors: the port's. */
  write(mail: StoredMail, state: ReceiptState, signal?: AbortSignal): Promise<void>;
  /** How far mails have come with the reader, by sequence; absent: no further than stored. */
  states(mails: readonly StoredMail[], signal?: AbortSignal): Promise<ReadonlyMap<number, ReceiptState>>;
  /** Resolves when what was handed over before is told of, or cannot be. */
  drain(): Promise<void>;
}

/** Whether the reader tells anybody that the mail has come so far. */
export function isTold({ from, to, mail }: StoredMail, state: ReceiptState, reader: string): boolean {
  if (from === reader || mail.kind === 'report' || mail.kind === 'receipt') return false;
  const isDirect = to.kind === 'agent' && to.name === reader;
  if (mail.kind === 'notice') return isDirect && state !== 'delivered';
  // People read the orchestrator's inbox under their own names.
  const isOpen = to.kind === 'topic' || to.name === RESERVED_AGENT;
  return isDirect || (isOpen && mail.ack_within_ms !== undefined);
}

export function createReceipts(link: BusLink): Receipts {
  const { agent, clock } = link;
  const told = new Map<number, number>();
  let waiting: StoredMail[] = [];
  let running: Promise<void> | undefined;

  const remember = (seq: number, state: ReceiptState): void => {
    told.set(seq, Math.max(ranks[state], told.get(seq) ?? 0));
    const [oldest] = told.keys();
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
  };
  const isToldOf = (seq: number, state: ReceiptState): boolean => (told.get(seq) ?? 0) >= ranks[state];

  const look = async (mails: readonly StoredMail[], signal?: AbortSignal) => {
    const states = new Map<number, ReceiptState>();
    const take = ({ mails: receipts }: MailPage): void => {
      for (const { to, mail } of receipts) {
        const { receipt } = mail;
        if (mail.kind !== 'receipt' || receipt === undefined || to.name !== String(receipt.seq)) continue;
        const known = states.get(receipt.seq);
        if (known !== undefined && ranks[known] >= ranks[receipt.state]) continue;
        states.set(receipt.seq, receipt.state);
        remember(receipt.seq, receipt.state);
      }
    };
    if (mails.length <= SINGLY) {
      for (const { seq } of mails) {
        const target = { kind: 'receipt', name: String(seq) } as const;
        for await (const page of backward(link, { target, from: agent }, ranks.acknowledged, signal)) {
          take(page);
          // A reader writes few for one mail, whatever else it may have stored there.
          break;
        }
      }
      return states;
    }
    // A receipt stands behind the mail that it is about.
    const first = mails.reduce((least, { seq }) => Math.min(least, seq), Number.POSITIVE_INFINITY);
    for await (const page of onward(link, { family: 'receipt', from: agent }, first, signal)) take(page);
    return states;
  };

  const store = async ({ seq }: StoredMail, state: ReceiptState, signal?: AbortSignal): Promise<void> => {
    const to = { kind: 'receipt', name: String(seq) } as const;
    const id = storeId(agent, 'receipt', `${seq}.${state}`);
    const mail = { v: 1, id, kind: 'receipt', at: clock.now(), receipt: { seq, state } } as const;
    await post(link, to, mail, { signal });
    remember(seq, state);
  };

  const tellWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const mails = waiting;
      waiting = [];
      try {
        const states = await look(mails);
        for (const mail of mails) {
          if (!states.has(mail.seq) && !isToldOf(mail.seq, 'delivered')) await store(mail, 'delivered');
        }
      } catch {
        // The bus stays away: the next hand-over of these mails tells of them.
      }
    }
  };

  return {
    handed(mails) {
      for (const mail of mails) {
        if (isTold(mail, 'delivered', agent) && !isToldOf(mail.seq, 'delivered')) waiting.push(mail);
      }
      if (waiting.length > 0) {
        running ??= tellWaiting().finally(() => {
          running = undefined;
        });
      }
    },
    async write(mail, state, signal) {
      if (!isTold(mail, state, agent) || isToldOf(mail.seq, state)) return;
      await look([mail], signal);
      if (!isToldOf(mail.seq, state)) await store(mail, state, signal);
    },
    states: look,
    async drain() {
      while (running !== undefined) await running;
    },
  };
}
