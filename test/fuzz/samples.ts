/**
 * Valid input that the project has anyway: the golden messages, and what real harnesses printed. Found from here upward,
 * because the driver runs from the sources and from what was built of them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageName } from '../../schemas/index.ts';

function projectRoot(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, 'schemas', 'golden'))) return at;
    if (dirname(at) === at) throw new Error('the golden messages are not there: this runs in a checkout');
  }
}

const root = projectRoot();
const golden = join(root, 'schemas', 'golden');
const recorded = join(root, 'test', 'support', 'harness-doubles', 'recorded');

/** The names of all messages. */
export const messageNames = readdirSync(golden)
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => name !== 'broken') as MessageName[];

/** The golden messages of a name. */
export const goldenOf = (name: MessageName): unknown[] =>
  JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as unknown[];

/** What a harness printed, whole and line by line. */
export function recordedLines(harness: string): string[] {
  const folder = join(recorded, harness);
  const whole = readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return [...whole, ...whole.flatMap((text) => text.split('\n').filter((line) => line !== ''))];
}
