/**
 * What a hand-written file may hold, as data, and the walk that reads a value by it. The walk finds every
 * problem (a generated validator stops at the first and speaks of patterns); the validators of `schemas/`
 * stay the authority, and tests keep both in step.
 *
 * 1. `null` (a key with nothing behind it) counts as an absent key.
 * 2. What has a problem is left out of the result, so the result is whole only when none was reported.
 */
import type { Path, PathProblem } from './file-problem.ts';
import { nearestName, suggestion } from './nearest-name.ts';

/** A single value. `read` gives it in the form the code wants, or undefined to refuse it. */
export interface ScalarShape {
  readonly kind: 'scalar';
  readonly expected: string;
  read(value: unknown): unknown;
  /** A refusal in words of its own, where `expected …, got …` would not help. */
  explain?(value: unknown): string | undefined;
}

/** Fixed keys. */
export interface ObjectShape {
  readonly kind: 'object';
  readonly keys: Readonly<Record<string, Shape>>;
  readonly required: readonly string[];
}

/** Names of the person's choosing. */
export interface MapShape {
  readonly kind: 'map';
  readonly keyPattern: string;
  readonly keyExpected: string;
  readonly of: Shape;
}

export interface ListShape {
  readonly kind: 'list';
  readonly of: Shape;
  readonly min: number;
  readonly max: number;
}

/** One of several, told apart by being a list, a mapping or a single value. */
export interface EitherShape {
  readonly kind: 'either';
  readonly shapes: readonly Shape[];
}

export type Shape = ScalarShape | ObjectShape | MapShape | ListShape | EitherShape;

/** Reads `value`, reporting each problem; undefined when nothing of it can be used. */
export function readShape(
  shape: Shape,
  value: unknown,
  path: Path,
  report: (problem: PathProblem) => void,
): unknown {
  switch (shape.kind) {
    case 'scalar':
      return readScalar(shape, value, path, report);
    case 'either': {
      const fitting = shape.shapes.find((candidate) => fits(candidate, value));
      if (fitting !== undefined) return readShape(fitting, value, path, report);
      break;
    }
    case 'list':
      if (Array.isArray(value)) return readList(shape, value, path, report);
      break;
    case 'map':
      if (isMapping(value)) return readMap(shape, value, path, report);
      if (value === null) return {};
      break;
    case 'object':
      if (isMapping(value) || value === null) return readObject(shape, value ?? {}, path, report);
      break;
  }
  report({ path, message: expectedGot(expectation(shape), value) });
  return undefined;
}

/** Whether `value` has keys (and is no list). */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value with keys, as it was written. */
export type Mapping = Readonly<Record<string, unknown>>;

/** What lies behind a key where that has keys itself; else nothing. */
export function mappingAt(raw: Mapping, key: string): Mapping {
  const value = raw[key];
  return isMapping(value) ? value : {};
}

/** `expected …, got …`. */
export function expectedGot(expected: string, value: unknown): string {
  return `expected ${expected}, got ${shown(value)}`;
}

function readScalar(
  shape: ScalarShape,
  value: unknown,
  path: Path,
  report: (problem: PathProblem) => void,
): unknown {
  const read = shape.read(value);
  if (read === undefined)
    report({ path, message: shape.explain?.(value) ?? expectedGot(shape.expected, value) });
  return read;
}

function readList(
  shape: ListShape,
  value: readonly unknown[],
  path: Path,
  report: (problem: PathProblem) => void,
): unknown[] {
  if (value.length < shape.min)
    report({ path, message: `expected at least ${entries(shape.min)}, got none` });
  if (value.length > shape.max) {
    report({ path, message: `expected at most ${entries(shape.max)}, got ${value.length}` });
  }
  return value
    .map((entry, index) => readShape(shape.of, entry, [...path, index], report))
    .filter((entry) => entry !== undefined);
}

function readMap(
  shape: MapShape,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  report: (problem: PathProblem) => void,
): Record<string, unknown> {
  const pattern = new RegExp(shape.keyPattern);
  const read: [string, unknown][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const at = [...path, key];
    if (!pattern.test(key)) {
      report({ path: at, message: `expected ${shape.keyExpected}, got ${shown(key)}` });
      continue;
    }
    const result = readShape(shape.of, entry, at, report);
    if (result !== undefined) read.push([key, result]);
  }
  return Object.fromEntries(read);
}

function readObject(
  shape: ObjectShape,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  report: (problem: PathProblem) => void,
): Record<string, unknown> {
  const read: [string, unknown][] = [];
  const misspelt = new Set<string>();
  for (const [key, entry] of Object.entries(value)) {
    if (!Object.hasOwn(shape.keys, key)) {
      const known = Object.keys(shape.keys);
      misspelt.add(nearestName(key, known) ?? '');
      report({ path, at: [...path, key], message: `unknown key \`${key}\`; ${suggestion(key, known)}` });
      continue;
    }
    if (entry === null) continue;
    const result = readShape(shape.keys[key] as Shape, entry, [...path, key], report);
    if (result !== undefined) read.push([key, result]);
  }
  for (const key of shape.required) {
    // A misspelt key is one problem, not two.
    if ((value[key] ?? undefined) !== undefined || misspelt.has(key)) continue;
    const wanted = shape.keys[key];
    const expected = wanted === undefined ? 'a value' : expectation(wanted);
    report({ path, message: `\`${key}\` is missing; expected ${expected}` });
  }
  return Object.fromEntries(read);
}

function fits(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'list') return Array.isArray(value);
  if (shape.kind === 'object' || shape.kind === 'map') return isMapping(value);
  return shape.kind === 'scalar' && typeof value !== 'object';
}

function expectation(shape: Shape): string {
  switch (shape.kind) {
    case 'scalar':
      return shape.expected;
    case 'list':
      return 'a list';
    case 'map':
      return `a mapping whose keys are each ${shape.keyExpected}`;
    case 'object':
      return `a mapping with ${Object.keys(shape.keys).slice(0, 4).join(', ')}`;
    case 'either':
      return shape.shapes.map(expectation).join(', or ');
  }
}

function entries(count: number): string {
  return count === 1 ? 'one entry' : `${count} entries`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  return String(value);
}
