/**
 * The shape of a program's stream of JSON lines: which types of events it prints, in which order they come first, and
 * which keys they have. Two runs of the same kind have the same, whatever they say. Pure.
 */

/** By type, in the order of their first; each with the paths of its keys, sorted. */
export type StreamShape = readonly (readonly [type: string, keys: readonly string[]])[];

/** Of what a program printed; lines that are no JSON are none of it. */
export function shapeOf(lines: readonly string[]): StreamShape {
  const found = new Map<string, Set<string>>();
  for (const line of lines) {
    const event = objectIn(line);
    if (event === undefined) continue;
    const type = typeOf(event);
    const keys = found.get(type) ?? new Set();
    for (const path of pathsOf(event)) keys.add(path);
    found.set(type, keys);
  }
  return [...found].map(([type, keys]) => [type, [...keys].sort()]);
}

/** One line for each key, to be compared and read. */
export const printedShape = (shape: StreamShape): string =>
  shape.flatMap(([type, keys]) => [type, ...keys.map((key) => `  ${key}`)]).join('\n');

/** Its type with what else tells its kind apart: `system/init`, `item.completed/agent_message`, `message_end/user`. */
function typeOf(event: Readonly<Record<string, unknown>>): string {
  const item = inside(event['item'])['type'];
  const role = inside(event['message'])['role'];
  const part = inside(event['part'])['type'];
  return [event['type'], event['subtype'], item, role, part]
    .filter((word) => typeof word === 'string')
    .join('/');
}

function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => pathsOf(one, `${path}[]`));
  if (typeof value !== 'object' || value === null) return path === '' ? [] : [path];
  const entries = Object.entries(value);
  return entries.length === 0
    ? [path]
    : entries.flatMap(([key, one]) => pathsOf(one, path === '' ? key : `${path}.${key}`));
}

const inside = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
