/**
 * What one entry of a task file may hold, in the words its errors use. In step with `TaskSpec` of
 * `schemas/`, which a test checks key by key.
 */

import type { Priority } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT, SHA256_PATTERN } from '../../schemas/limits.ts';
import { formatBytes } from './bytes.ts';
import { parseDuration } from './durations.ts';
import {
  flag,
  gateName,
  integer,
  matching,
  name,
  oneLine,
  oneOf,
  shortListOf,
  taskId,
  text,
} from './scalars.ts';
import type { ObjectShape, ScalarShape, Shape } from './shape.ts';

const priorities: readonly Priority[] = ['P0', 'P1', 'P2', 'P3', 'P4'];

/** `P0`…`P4`, `p1`, or 0…4. */
export const priority: ScalarShape = {
  kind: 'scalar',
  expected: 'one of P0…P4',
  read: (value) => {
    if (typeof value === 'number') return priorities[value];
    if (typeof value !== 'string') return undefined;
    const wanted = value.trim().toUpperCase();
    return priorities.find((known) => known === wanted || known === `P${wanted}`);
  },
};

/** Inline text of at most `INLINE_TEXT_LIMIT` bytes. */
export const bodyText: ScalarShape = {
  kind: 'scalar',
  expected: 'text',
  read: (value) => (typeof value === 'string' && byteLength(value) <= INLINE_TEXT_LIMIT ? value : undefined),
  explain: (value) => {
    if (typeof value !== 'string') return undefined;
    const [limit, size] = [formatBytes(INLINE_TEXT_LIMIT), `${byteLength(value)} bytes`];
    return `expected at most ${limit} (${INLINE_TEXT_LIMIT} bytes) of text, got ${size}; put the rest in a file of the repository and name it`;
  },
};

/** Milliseconds since the epoch, from an ISO time, a duration from `now` (`+10m`), or milliseconds. */
export function pointInTime(now: number): ScalarShape {
  return {
    kind: 'scalar',
    expected: 'a time such as 2026-03-01T09:00:00Z, 2026-03-01 (UTC), or +10m from now',
    read: (value) => {
      if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
      if (typeof value !== 'string') return undefined;
      const wanted = value.trim();
      if (isoTime.test(wanted)) return isoMs(wanted);
      if (!/^\+?\d.*[a-z]$/.test(wanted)) return undefined;
      const ms = parseDuration(wanted.replace(/^\+/, ''));
      return ms === undefined ? undefined : now + ms;
    },
    explain: (value) =>
      typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(value.trim())
        ? `expected a time zone after ${JSON.stringify(value)}, such as Z or +02:00`
        : undefined,
  };
}

const pathScope = matching(
  '^(?!/)(?!.*(^|/)\\.\\.(/|$)).{1,1024}$',
  'a path inside the repository, without a leading / and without ..',
);

const object = (keys: Readonly<Record<string, Shape>>, required: readonly string[] = []): ObjectShape => ({
  kind: 'object',
  keys,
  required,
});

const requires = object({
  harness: name,
  profile: name,
  os: oneOf(['linux', 'darwin']),
  repo: text,
  labels: shortListOf(oneLine),
});

const bodyFile = object(
  {
    owner: name,
    sha256: matching(SHA256_PATTERN, 'a SHA-256 in hex'),
    size_bytes: integer(0),
    chunks: integer(1),
  },
  ['owner', 'sha256', 'size_bytes', 'chunks'],
);

/** A task that is written at `now` (milliseconds since the epoch). */
export function taskShape(now: number): ObjectShape {
  return object(
    {
      id: taskId,
      title: oneLine,
      body: bodyText,
      body_file: bodyFile,
      priority,
      labels: shortListOf(oneLine),
      deps: shortListOf(taskId),
      parent: taskId,
      lane: name,
      paths: shortListOf(pathScope),
      requires,
      gates: shortListOf(gateName),
      expects: oneOf(['change', 'none', 'any']),
      heavy: flag,
      not_before: pointInTime(now),
      max_attempts: integer(1, 100),
    },
    ['id', 'title'],
  );
}

const isoTime = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/;

function isoMs(iso: string): number | undefined {
  const ms = Date.parse(iso.replace(' ', 'T'));
  return Number.isNaN(ms) || ms < 0 ? undefined : ms;
}

function byteLength(value: string): number {
  return Buffer.byteLength(value, 'utf8');
}
