/**
 * Hives with so much mail in MAIL, for the benchmarks of reading it.
 */
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { fillMail } from '../support/mail-filling.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

export interface MailHive {
  readonly mails: number;
  readonly reader: Reader;
  readonly hive: TestHive;
}

/** So many mails go to these topics, spread evenly, however many there are; all others go to `task`. */
export const FEW = { rare: 25, seldom: 100 } as const;

/** Starts a hive for each number of mails, lets `use` work with them, and stops them whatever happens. */
export async function withMail<T>(
  counts: readonly number[],
  use: (hives: readonly MailHive[]) => Promise<T>,
): Promise<T> {
  const started: MailHive[] = [];
  try {
    for (const mails of counts) {
      const hive = await startHive();
      const reader = createReader(await hive.connect('reader'), project, 'reader');
      started.push({ mails, reader, hive });
      const topicOf = (n: number) => {
        if (n % (mails / FEW.rare) === 1) return 'rare';
        return n % (mails / FEW.seldom) === 0 ? 'seldom' : 'task';
      };
      const body = 'what is to be told of a task'.padEnd(80, '.');
      await fillMail(
        await hive.services('swarm'),
        project,
        mails,
        (n) => ({ from: `w${n % 20}`, to: { kind: 'topic', name: topicOf(n) } }),
        () => body,
      );
    }
    return await use(started);
  } finally {
    await Promise.all(started.map(({ hive }) => hive.stop()));
  }
}
