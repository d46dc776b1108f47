/**
 * The mail in our own name that MAIL holds: what was announced, and by that a witness of how far the journal reached.
 * On a server that enforces no rights anybody may write there, so only a mail that names a batch of the journal counts;
 * where the journal is gone, at least its id must look like one of ours.
 */
import { RESERVED_AGENT } from '../../schemas/index.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import { isFault, readMail } from '../../shared/bus/mailbox.ts';
import type { Bus, Stored } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';

/** An announcement in MAIL, and the journal sequence of the batch that it is about. */
export interface Told {
  readonly id: string;
  readonly journalSeq: number;
}

export interface OwnMail {
  /** The newest, whoever wrote it. */
  last(): Promise<Told | undefined>;
  /** The newest that names a batch of the journal; those of batches up to `floor` are not looked for. */
  lastOf(journal: Pick<Journal, 'page'>, floor: number): Promise<Told | undefined>;
  /** How far a journal must have reached for the newest announcements to have been written; 0 when there are none. */
  reach(): Promise<number>;
}

const PAGE = 256;
/** `<batch id>.<n>`, as random ids are. */
const ID = /^[0-9a-z]{20}\.\d+$/;

export function openOwnMail(swarm: Bus, project: string): OwnMail {
  const { mail: stream } = streamNames(project);
  const subject = subjectsOf(project).mailTo(undefined, RESERVED_AGENT);
  const newest = () => swarm.streams.get(stream, { lastBySubject: subject });

  /** Newest first, page by page. */
  async function* backwards(): AsyncGenerator<Told> {
    const last = await newest();
    if (last === undefined) return;
    yield* toldIn([last]);
    for (let end = last.seq - 1; end > 0; end -= PAGE) {
      const options = { fromSeq: Math.max(1, end - PAGE + 1), subject, limit: PAGE };
      const { messages } = await swarm.streams.page(stream, options);
      yield* toldIn(messages.filter(({ seq }) => seq <= end).toReversed());
    }
  }

  return {
    async last() {
      const last = await newest();
      return last === undefined ? undefined : toldIn([last])[0];
    },

    async lastOf(journal, floor) {
      for await (const told of backwards()) {
        if (told.journalSeq <= floor && ID.test(told.id)) return undefined;
        const { batches } = await journal.page(Math.max(0, told.journalSeq - 1), 1);
        const named = batches.find(({ seq }) => seq === told.journalSeq);
        if (named !== undefined && told.id.startsWith(`${named.batch.id}.`)) return told;
      }
      return undefined;
    },

    async reach() {
      for await (const told of backwards()) if (ID.test(told.id)) return told.journalSeq;
      return 0;
    },
  };
}

function toldIn(messages: readonly Stored[]): Told[] {
  return messages.flatMap((stored) => {
    const read = readMail(stored);
    if (isFault(read) || read.mail.journal_seq === undefined) return [];
    return [{ id: read.mail.id, journalSeq: read.mail.journal_seq }];
  });
}
