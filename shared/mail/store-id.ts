/**
 * Ids under which mail is stored. The server drops a second message with an id that it has seen lately, whoever sent
 * it: so an id names its sender, and what kind of mail it is, and nobody's choice of one hides another's mail.
 */
import { createHash } from 'node:crypto';

const LONGEST = 128;

/** `rest` is the sender's own: of a message the draft's id. */
export function storeId(agent: string, kind: 'message' | 'receipt' | 'copy', rest: string): string {
  const id = `${agent}.${kind}.${rest}`;
  if (id.length <= LONGEST) return id;
  return `${agent}.${kind}.${createHash('sha256').update(rest).digest('base64url')}`;
}
