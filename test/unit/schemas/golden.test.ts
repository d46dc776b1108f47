import { readdirSync, readFileSync } from 'node:fs';
import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { messages } from '../../../schemas/generate.ts';
import { check, type MessageName } from '../../../schemas/index.ts';
import { Event } from '../../../schemas/journal.ts';

const folder = new URL('../../../schemas/golden/', import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T;
const names = Object.keys(messages) as MessageName[];

interface Broken {
  readonly message: MessageName;
  readonly fault: string;
  readonly value: unknown;
}

/** The tags of a union's members; none when the schema is no union. */
function members(schema: object): { tag: 'kind' | 'type'; values: string[] } | undefined {
  const { anyOf } = schema as { anyOf?: { properties: Record<string, { const?: string }> }[] };
  if (anyOf === undefined) return undefined;
  const tag = anyOf[0]?.properties['type']?.const === undefined ? 'kind' : 'type';
  return { tag, values: anyOf.flatMap(({ properties }) => properties[tag]?.const ?? []) };
}

const tagsIn = (values: readonly unknown[], tag: string) =>
  new Set(values.map((value) => (value as Record<string, unknown>)[tag]));

describe('the golden samples', () => {
  it('exist for every message and for nothing else', () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
    expect(files.sort()).toEqual([...names, 'broken'].sort());
  });

  it.each(names)('of %s are valid, also as msgpack, and show every member', (name) => {
    const samples = read<unknown[]>(name);
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) {
      expect(check(name, sample)).toEqual({ ok: true, value: sample });
      expect(check(name, unpack(pack(sample)))).toEqual({ ok: true, value: sample });
    }
    const union = members(messages[name] ?? {});
    if (union !== undefined) {
      expect(union.values.filter((value) => !tagsIn(samples, union.tag).has(value))).toEqual([]);
    }
  });

  it('show every event of the journal', () => {
    const batches = read<{ events: unknown[] }[]>('Batch');
    const shown = tagsIn(
      batches.flatMap(({ events }) => events),
      'type',
    );
    expect(members(Event)?.values.filter((type) => !shown.has(type))).toEqual([]);
  });

  // A request over a socket may hold keys that nobody knows: the seed's server lets them pass.
  const strict = names.filter((name) => name !== 'SocketRequest' && name !== 'SocketLine');
  it('of SocketLine, whose members have no tag in common, are refused all the same', () => {
    for (const sample of read<object[]>('SocketLine')) {
      expect(check('SocketLine', { ...sample, surprise: 1 }).ok).toBe(false);
    }
  });
  it.each(strict)('of %s are refused with a key that nobody knows', (name) => {
    for (const sample of read<object[]>(name)) {
      expect(check(name, { ...sample, surprise: 1 })).toMatchObject({
        ok: false,
        fault: 'surprise: expected no such key, got one',
        path: 'surprise',
      });
    }
  });
});

describe('a broken message is refused with a sentence that says what was expected and what came', () => {
  it.each(read<Broken[]>('broken').map((broken) => [broken.message, broken.fault, broken] as const))(
    '%s: %s',
    (message, fault, { value }) => {
      expect(check(message, value)).toMatchObject({ ok: false, fault });
    },
  );
});
