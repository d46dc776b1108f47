/**
 * The topics that hold mail, as the read service tells them: how many messages stand there, whatever they are, and when
 * the last one was stored.
 */
import PQueue from 'p-queue';
import type { ReadAnswerOf } from '../../schemas/index.ts';
import type { Streams } from '../../shared/bus/port.ts';
import { mailRoute, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';

/** What fits an answer; of more, those with the most messages. */
const TOPICS = 4_000;
const AT_ONCE = 16;

/** By name. Errors: those of the port. */
export async function readTopics(streams: Streams, project: string): Promise<ReadAnswerOf<'topics'>> {
  const subjects = subjectsOf(project);
  const { mail: stream } = streamNames(project);
  const counts = new Map<string, number>();
  for (const [subject, messages] of await streams.subjects(stream, subjects.mailFamily('topic'))) {
    const name = mailRoute(subject)?.to.name;
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + messages);
  }
  const chosen = [...counts].sort(([, a], [, b]) => b - a).slice(0, TOPICS);
  const lookups = new PQueue({ concurrency: AT_ONCE });
  const found = await lookups.addAll(
    chosen.map(([name, messages]) => async () => {
      const lastBySubject = subjects.mailTo({ kind: 'topic', name });
      const last = await streams.get(stream, { lastBySubject });
      // All of it may have been removed meanwhile.
      return last === undefined ? [] : [{ name, messages, last_at: last.at, last_seq: last.seq }];
    }),
  );
  const topics = found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  return { v: 1, kind: 'topics', topics };
}
