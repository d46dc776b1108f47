/**
 * Compares a hand-written shape with the JSON Schema it must agree with: the same keys, the same required
 * ones, and no value let through that the schema refuses.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { Shape } from '../../../../shared/config/shape.ts';

interface Schema {
  readonly $ref?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const ajv = new Ajv({ strict: false });
const samples: readonly unknown[] = [
  ...[
    '',
    'a',
    'a-b',
    'A',
    'a b',
    'P0',
    'p1',
    '4',
    '30s',
    '1h30m',
    '10MB',
    '64KiB',
    '../x',
    '/x',
    'x/y',
    'x\ny',
    'a'.repeat(64),
  ],
  ...[
    'x'.repeat(1_001),
    'x'.repeat(65_537),
    'e'.repeat(64),
    '2026-01-01',
    '2026-01-01T00:00:00Z',
    '+10m',
    '  a  ',
    'A.b',
  ],
  ...[-1, 0, 1, 1.5, 4, 5, 100, 101, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, true, false],
];

/** Differences, each as one line; empty when both agree. */
export function disagreements(shape: Shape, schemaName: string): string[] {
  return compare(shape, load(schemaName), schemaName);
}

function load(name: string): Schema {
  const file = new URL(`../../../../schemas/generated/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as Schema;
}

function compare(shape: Shape, schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined) return compare(shape, load(schema.$ref), at);
  switch (shape.kind) {
    case 'object': {
      const keys = [...new Set([...Object.keys(shape.keys), ...Object.keys(schema.properties ?? {})])];
      const wrong = keys.flatMap((key) => {
        const [ours, theirs] = [shape.keys[key], schema.properties?.[key]];
        if (ours === undefined || theirs === undefined)
          return [`${at}.${key}: only in ${ours ? 'the shape' : 'the schema'}`];
        return compare(ours, theirs, `${at}.${key}`);
      });
      const required = JSON.stringify([...(schema.required ?? [])].sort());
      if (required !== JSON.stringify([...shape.required].sort()))
        wrong.push(`${at}: required are ${required}`);
      return wrong;
    }
    case 'map': {
      const [of, ...more] = Object.values(schema.patternProperties ?? {});
      return of === undefined || more.length > 0
        ? [`${at}: no map in the schema`]
        : compare(shape.of, of, `${at}.*`);
    }
    case 'list': {
      if (schema.items === undefined) return [`${at}: no list in the schema`];
      const bounds = [schema.minItems ?? 0, schema.maxItems ?? Number.POSITIVE_INFINITY];
      const wrong = String(bounds) === String([shape.min, shape.max]) ? [] : [`${at}: bounds are ${bounds}`];
      return [...wrong, ...compare(shape.of, schema.items, `${at}[]`)];
    }
    case 'either': {
      const branches = schema.anyOf ?? [];
      if (branches.length !== shape.shapes.length)
        return [`${at}: ${branches.length} branches in the schema`];
      return shape.shapes.flatMap((one, index) => compare(one, branches[index]!, `${at}|${index}`));
    }
    case 'scalar': {
      const valid = ajv.compile(schema);
      const loose = samples
        .map((sample) => shape.read(sample))
        .filter((read) => read !== undefined && !valid(read))
        .map((read) => `${at}: lets ${JSON.stringify(read)?.slice(0, 60)} through`);
      const lost = (schema.enum ?? [])
        .filter((word) => shape.read(word) !== word)
        .map((word) => `${at}: refuses ${String(word)}`);
      return [...loose, ...lost];
    }
  }
}
