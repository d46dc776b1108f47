/**
 * Server-sent events as text.
 */

/** One event with a name and a JSON object. */
export const event = (name: string, data: object): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** One event without a name. */
export const unnamed = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

/** The first half of a stream's events. */
export function beginningOf(stream: string): string {
  const events = stream.split('\n\n').filter((one) => one !== '');
  return events
    .slice(0, Math.ceil(events.length / 2))
    .map((one) => `${one}\n\n`)
    .join('');
}
