/**
 * The topics that hold mail.
 */
import type { BusLink } from './bus-link.ts';
import type { TopicRecord } from './desk.ts';
import { rfc3339 } from './message-id.ts';

/** By name. */
export async function topicRecords(link: BusLink, signal?: AbortSignal): Promise<readonly TopicRecord[]> {
  const topics = await link.read((reader) => reader.topics(signal), signal);
  return topics
    .map(({ name, messages, last_at }) => ({ name, messages, last_activity: rfc3339(last_at) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
