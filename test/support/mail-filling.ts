/**
 * Puts much mail into MAIL quickly: plain publishes, and after each window of them one whose PubAck is awaited. A server
 * drops what it cannot store as fast as it comes, so no window is larger than what it lets wait.
 */
import type { Mail } from '../../schemas/index.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { type MailRoute, subjectsOf } from '../../shared/bus/subjects.ts';

const WINDOW = 2_000;

export interface Filled {
  readonly from: string;
  readonly to: MailRoute;
}

/**
 * Stores `count` mails, the n-th (from 0) from and to whom `at` says, with its number as body; gives the sequence of the
 * last. `swarm` must be free to write as anybody. Throws when one was lost.
 */
export async function fillMail(
  swarm: Bus,
  project: string,
  count: number,
  at: (n: number) => Filled,
  bodyOf: (n: number) => string = String,
): Promise<number> {
  const subjects = subjectsOf(project);
  let [first, last] = [0, 0];
  for (let n = 0; n < count; n += 1) {
    const { from, to } = at(n);
    const mail: Mail = { v: 1, id: `fill-${n}`, kind: 'message', at: 1_800_000_000_000 + n, body: bodyOf(n) };
    const { payload, headers } = encode('Mail', mail, 'json');
    const subject = subjects.mail(from, to);
    if (n > 0 && (n + 1) % WINDOW !== 0 && n < count - 1) swarm.publish(subject, payload, headers);
    else {
      last = (await swarm.append(subject, payload, { headers, timeoutMs: 30_000 })).seq;
      if (n === 0) first = last;
    }
  }
  if (last - first !== count - 1)
    throw new Error(`expected ${count} mails in a row, got ${last - first + 1}`);
  return last;
}
