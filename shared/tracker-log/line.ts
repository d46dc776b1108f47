/**
 * Reads one line of the tracker's log. Total: any text gives an event, a word about an event that nobody knows, or
 * what is wrong with the line. Pure.
 */
import { shownValue } from '../shown-value.ts';
import { type TrackerEvent, type TrackerEventType, trackerEventTypes } from './event.ts';

export type TrackerLine =
  | { readonly kind: 'event'; readonly event: TrackerEvent }
  | { readonly kind: 'blank' }
  | { readonly kind: 'unknown'; readonly type: string }
  | { readonly kind: 'malformed'; readonly fault: string };

/** Reads a line without its end. */
export function readLine(text: string): TrackerLine {
  if (text.trim() === '') return { kind: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed(`expected a JSON object, got ${shown(text)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed(`expected a JSON object, got ${shown(text)}`);
  }
  return readObject(value as Readonly<Record<string, unknown>>);
}

function readObject(line: Readonly<Record<string, unknown>>): TrackerLine {
  for (const key of ['event_id', 'task_id', 'type', 'timestamp']) {
    const value = own(line, key);
    if (typeof value !== 'string' || value.trim() === '') {
      return malformed(`expected a text in \`${key}\`, got ${shown(shownValue(value, SHOWN + 1))}`);
    }
  }
  const type = String(line['type']);
  if (!isKnown(type)) return { kind: 'unknown', type: clip(type) };
  const at = timeOf(String(line['timestamp']));
  if (at === undefined) {
    return malformed(
      `expected a time such as 2026-02-09T16:16:05.124Z in \`timestamp\`, got ${shown(String(line['timestamp']))}`,
    );
  }
  const texts: Partial<Record<TextKey, string>> = {};
  for (const [key, field] of textKeys) {
    const value = own(line, key);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') {
      return malformed(`expected a text in \`${key}\`, got ${shown(shownValue(value, SHOWN + 1))}`);
    }
    texts[field] = value;
  }
  for (const [field, key] of needs[type] ?? []) {
    if ((texts[field] ?? '').trim() === '') return malformed(`expected a text in \`${key}\` of a ${type}`);
  }
  return {
    kind: 'event',
    event: { id: String(line['event_id']), task: String(line['task_id']), type, at, ...texts },
  };
}

type TextKey = 'actor' | 'title' | 'body' | 'status' | 'priority' | 'comment' | 'related';

const textKeys: readonly (readonly [string, TextKey])[] = [
  ['actor', 'actor'],
  ['title', 'title'],
  ['body', 'body'],
  ['status', 'status'],
  ['priority', 'priority'],
  ['comment', 'comment'],
  ['related_task_id', 'related'],
];

const link = [['related', 'related_task_id']] as const;

/** What an event cannot do without. */
const needs: Readonly<Partial<Record<TrackerEventType, readonly (readonly [TextKey, string])[]>>> = {
  task_created: [['title', 'title']],
  task_status_changed: [['status', 'status']],
  task_priority_changed: [['priority', 'priority']],
  task_parent_set: link,
  task_epic_set: link,
  task_project_set: link,
  task_blocked: link,
  task_unblocked: link,
};

const isKnown = (type: string): type is TrackerEventType =>
  (trackerEventTypes as readonly string[]).includes(type);

const own = (line: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(line, key) ? line[key] : undefined;

const TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 as milliseconds; the log has more digits than a date keeps, and two starts may differ in those alone. */
function timeOf(text: string): number | undefined {
  const [, day, time, fraction = '0', zone = 'Z'] = TIME.exec(text) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const whole = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(whole) || whole < 0 ? undefined : whole + Number(`0.${fraction}`) * 1000;
}

const malformed = (fault: string): TrackerLine => ({ kind: 'malformed', fault });

const shown = (text: string): string => `\`${clip(text)}\``;

const SHOWN = 60;
const clip = (text: string): string => (text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1)}…`);
