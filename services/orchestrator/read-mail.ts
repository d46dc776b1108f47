/**
 * Mail out of MAIL, as the read service hands it out: from a sequence on, or the newest. A stored message that is no
 * valid mail counts as absent; so does one that would not fit an answer, or one sender could keep everybody from
 * reading on.
 *
 * Without target and family, mail to topics and mail to agents are read apart and put together: between them stand
 * receipts, as many as anything else.
 */
import type { Read, ReadAnswerOf, StoredMail } from '../../schemas/index.ts';
import { isFault, LONGEST_MAIL_BYTES, readMail } from '../../shared/bus/mailbox.ts';
import type { Page, Stored, Streams } from '../../shared/bus/port.ts';
import { type Subjects, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { type Newest, newestStored } from './newest-stored.ts';

type MailRead = Extract<Read, { kind: 'mail' }>;
type MailAnswer = ReadAnswerOf<'mail'>;

const PAGE = 100;
const LONGEST_PAGE = 500;
const NEWEST = 1_000;
/** Of an answer, by `bytesOf`. */
export const ANSWER_BYTES = 500_000;
/** How often to look further back where what was found is no mail. */
const LOOKS_BACK = 4;

/** Errors: those of the port. */
export async function readMails(streams: Streams, project: string, request: MailRead): Promise<MailAnswer> {
  const subjects = subjectsOf(project);
  const { mail: stream } = streamNames(project);
  const filters = filtersOf(subjects, request);
  return request.last === undefined
    ? await mailsFrom(streams, stream, filters, request)
    : await newestMails(streams, stream, filters, request, Math.min(request.last, NEWEST));
}

function filtersOf(subjects: Subjects, { target, family, from }: MailRead): readonly string[] {
  if (target !== undefined) return [subjects.mailTo(target, from)];
  const families = family === undefined ? (['topic', 'agent'] as const) : [family];
  return families.map((one) => subjects.mailFamily(one, from));
}

async function mailsFrom(
  streams: Streams,
  stream: string,
  filters: readonly string[],
  request: MailRead,
): Promise<MailAnswer> {
  const fromSeq = (request.after ?? 0) + 1;
  const limit = Math.min(request.limit ?? PAGE, LONGEST_PAGE);
  const ask = (subject: string) => streams.page(stream, { fromSeq, subject, limit, maxBytes: ANSWER_BYTES });
  const { messages, scannedTo, lastSeq } = together(await Promise.all(filters.map(ask)));
  const { taken, scannedTo: reached } = upTo(messages, scannedTo, limit);
  return { v: 1, kind: 'mail', mails: taken.flatMap(mailOf), scanned_to: reached, last: lastSeq };
}

/** Pages from the same sequence on, over several subjects, as one: as far as all of them reach. */
function together(pages: readonly Page[]): Pick<Page, 'messages' | 'scannedTo' | 'lastSeq'> {
  const scannedTo = Math.min(...pages.map((page) => page.scannedTo));
  const lastSeq = Math.min(...pages.map((page) => page.lastSeq));
  const messages = pages.flatMap((page) => page.messages.filter(({ seq }) => seq <= scannedTo));
  return { messages: messages.sort((a, b) => a.seq - b.seq), scannedTo, lastSeq };
}

async function newestMails(
  streams: Streams,
  stream: string,
  filters: readonly string[],
  request: MailRead,
  count: number,
): Promise<MailAnswer> {
  if (count === 0) {
    const last = (await streams.info(stream))?.lastSeq ?? 0;
    return { v: 1, kind: 'mail', mails: [], scanned_to: last, last };
  }
  let mails: StoredMail[] = [];
  let bytes = 0;
  let [before, last]: (number | undefined)[] = [request.before, undefined];
  for (let look = 1; ; look += 1) {
    const query = {
      count: count - mails.length,
      maxBytes: ANSWER_BYTES - bytes,
      bytesOf: (stored: Stored) => (isHandedOut(stored) ? bytesOf(stored) : undefined),
      ...(before === undefined ? {} : { before }),
    };
    const ask = (subject: string) => newestStored(streams, stream, subject, query);
    const found = newestOf(await Promise.all(filters.map(ask)), query.count, query.maxBytes);
    last ??= found.last;
    for (const stored of found.messages) bytes += bytesOf(stored);
    const isOver = mails.length > 0 && bytes > ANSWER_BYTES;
    if (!isOver) mails = [...found.messages.flatMap(mailOf), ...mails];
    const reached = isOver ? (before ?? 1) - 1 : found.above;
    // Where there is room for little more, the asker goes on.
    const isFull = isOver || bytes * 2 > ANSWER_BYTES;
    if (isFull || mails.length >= count || found.above === 0 || look === LOOKS_BACK)
      return { v: 1, kind: 'mail', mails, scanned_to: reached, last };
    // Some of what was found is no mail: as many more are wanted.
    before = found.above + 1;
  }
}

/** The newest of several subjects as one. */
function newestOf(parts: readonly Newest[], count: number, maxBytes: number): Newest {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  let above = Math.max(...parts.map((part) => part.above));
  const all = parts.flatMap((part) => part.messages).sort((a, b) => b.seq - a.seq);
  const messages: Stored[] = [];
  let bytes = 0;
  for (const stored of all) {
    bytes += bytesOf(stored);
    if (stored.seq <= above) break;
    if (messages.length === count || (bytes > maxBytes && messages.length > 0)) {
      above = stored.seq;
      break;
    }
    messages.push(stored);
  }
  return { messages: messages.reverse(), above, last: Math.min(...parts.map((part) => part.last)) };
}

/** An upper guess of what a stored message takes in an answer. */
export const bytesOf = ({ payload }: Stored): number => payload.byteLength * 2 + 300;

const isHandedOut = ({ payload }: Stored): boolean => payload.byteLength <= LONGEST_MAIL_BYTES;

const mailOf = (stored: Stored): StoredMail[] => {
  if (!isHandedOut(stored)) return [];
  const mail = readMail(stored);
  return isFault(mail) ? [] : [mail];
};

/** As many of the messages as fit an answer, and how far that scans. */
export function upTo(
  messages: readonly Stored[],
  scannedTo: number,
  limit: number,
): { taken: readonly Stored[]; scannedTo: number } {
  let bytes = 0;
  const fits = messages.findIndex((stored, index) => {
    bytes += bytesOf(stored);
    return index >= limit || (bytes > ANSWER_BYTES && index > 0);
  });
  if (fits < 0) return { taken: messages, scannedTo };
  const taken = messages.slice(0, fits);
  return { taken, scannedTo: taken.at(-1)?.seq ?? scannedTo };
}
