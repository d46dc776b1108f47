/**
 * What a desk has tried to send: a draft that is sent again gives the same mail, also when the server has forgotten
 * its id (it remembers two minutes). Owns the memory of the last drafts; what it knows of one is its digest.
 */
import { createHash } from 'node:crypto';
import { WaggleError } from '../errors.ts';
import type { MailDraft } from './desk.ts';

/** One draft, from its first try on. */
export interface Try {
  readonly mark: string;
  /** Milliseconds since the epoch: the time that its mail bears. */
  readonly at: number;
  /** Absent: its first try is this one, or was lost. */
  seq?: number;
  /** Whether a try before this one may have stored it. */
  isRepeated: boolean;
}

const REMEMBERED = 200;

export class Tries {
  readonly #tries = new Map<string, Try>();

  /** The draft's try, begun at `now` if it is the first. Errors: `mail-invalid` when its id was another draft's. */
  begin(draft: MailDraft, now: number): Try {
    const mark = markOf(draft);
    const known = this.#tries.get(draft.id);
    if (known !== undefined && known.mark !== mark) throw idInUse(draft.id);
    if (known !== undefined) {
      known.isRepeated = true;
      return known;
    }
    const first = { mark, at: now, isRepeated: false };
    this.#tries.set(draft.id, first);
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > REMEMBERED && oldest !== undefined) this.#tries.delete(oldest);
    return first;
  }
}

export const idInUse = (id: string): WaggleError =>
  new WaggleError('mail-invalid', {
    message: `the id ${JSON.stringify(id.slice(0, 80))} was used for another message`,
  });

function markOf({ to, body, ...rest }: MailDraft): string {
  const words = JSON.stringify([to.kind, to.name, body, Object.entries(rest).sort()]);
  return createHash('sha256').update(words).digest('base64');
}
