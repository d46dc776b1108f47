/**
 * Agents and topics as the tables that agents know. Pure.
 */
import type { TopicRecord, WhoRecord } from '../../../shared/mail/desk.ts';
import { formatAge, formatAgo } from '../ages.ts';
import { formatTable } from '../table.ts';

/** Somebody seen within this time is active. */
const ACTIVE_MS = 60_000;

/** Its heading stands also over nobody. `now` in milliseconds since the epoch. */
export function whoTable(people: readonly WhoRecord[], now: number): string {
  const rows = people.map(({ name, last_seen, status = '' }) => {
    const age = now - Date.parse(last_seen);
    const isActive = age <= ACTIVE_MS;
    const own = status.trim();
    return [
      name,
      isActive ? 'active' : `${formatAge(age)} ago`,
      own === '' ? (isActive ? '-' : 'offline') : own,
    ];
  });
  return table(['NAME', 'LAST SEEN', 'STATUS'], rows);
}

/** Its heading stands also over nothing. `now` in milliseconds since the epoch. */
export function topicTable(topics: readonly TopicRecord[], now: number): string {
  const rows = topics.map(({ name, messages, last_activity }) => [
    name,
    String(messages),
    formatAgo(now - Date.parse(last_activity)),
  ]);
  return table(['TOPIC', 'MESSAGES', 'LAST ACTIVITY'], rows);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? `${heads.join('  ')}\n` : formatTable(heads, rows);
}
