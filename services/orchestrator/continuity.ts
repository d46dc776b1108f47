/**
 * Whether MAIL is still what the journal last saw of it (DESIGN 2.1): pure, a table of cases. What differs is named,
 * and says from where consumption goes on; reports that come a second time change nothing, by their ids.
 *
 * The journal says how far MAIL is consumed, when the server stored that message, and when the stream was created. A
 * stream that was cut by a power failure and grew again has other messages at the same sequences.
 */

/** What the journal says. `mailAt` is unknown where a batch of the first format says it. */
export interface KnownMail {
  readonly created: string | undefined;
  readonly seq: number;
  readonly at: number | undefined;
}

/** What is there. `at`: the time of the message at the known sequence, when one stands there. */
export interface FoundMail {
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly at: number | undefined;
}

export type MailVerdict =
  | { readonly kind: 'same' }
  /** Messages that nobody had consumed are gone. */
  | { readonly kind: 'purged'; readonly reason: string }
  /** What stands there is not what was consumed: the last common message is further back. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** Another stream: nothing of it was consumed, unless it is a copy of the old one. */
  | { readonly kind: 'created-anew'; readonly reason: string };

export function compareMail(known: KnownMail, found: FoundMail): MailVerdict {
  if (known.created !== undefined && known.created !== found.created) {
    const reason = `MAIL was created anew at ${found.created}; it was of ${known.created}`;
    return { kind: 'created-anew', reason };
  }
  if (found.lastSeq < known.seq) {
    const reason = `MAIL was cut: it ends at ${found.lastSeq}, and was consumed up to ${known.seq}`;
    return { kind: 'cut', reason };
  }
  if (isOther(known.at, found.at)) {
    return {
      kind: 'cut',
      reason: `MAIL was cut: another message stands at ${known.seq}, the last consumed one`,
    };
  }
  if (found.firstSeq > known.seq + 1) {
    const reason = `MAIL was purged: what stood from ${known.seq + 1} to ${found.firstSeq - 1} is gone`;
    return { kind: 'purged', reason };
  }
  return { kind: 'same' };
}

/** A missing message was removed by gc, or was never there; only another one tells something. */
const isOther = (known: number | undefined, found: number | undefined): boolean =>
  known !== undefined && found !== undefined && known !== found;
