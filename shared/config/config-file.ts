/**
 * `waggle.yaml`: its way from text to the compiled form with every problem named.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type ConfigFile, check, type Role } from '../../schemas/index.ts';
import { messageOf, WaggleError } from '../errors.ts';
import { type CompiledConfig, compileConfig } from './compile.ts';
import { findConfig } from './config-place.ts';
import { configShape } from './config-shape.ts';
import { crossCheck } from './cross-checks.ts';
import {
  type FileProblem,
  type FileReading,
  inFileOrder,
  keyText,
  type Path,
  type PathProblem,
  problemsText,
} from './file-problem.ts';
import { readShape } from './shape.ts';
import { parseText } from './source-text.ts';

/** A compiled `waggle.yaml` and where it lies (absolute paths). */
export interface LoadedConfig extends CompiledConfig {
  readonly path: string;
  readonly folder: string;
}

export interface ReadConfigOptions {
  /** The file's name as its problems should show it. */
  readonly file: string;
  /** Absolute path of the folder that relative paths in the file start from. */
  readonly folder: string;
  readonly roles?: Readonly<Record<string, Role>>;
}

/** Finds and reads the configuration for `folder`. Errors: `config-missing`, `config-invalid`. */
export async function loadConfig(
  folder: string,
  options: { readonly roles?: Readonly<Record<string, Role>> } = {},
): Promise<LoadedConfig> {
  const path = await findConfig(folder);
  if (path === undefined) throw new WaggleError('config-missing', { folder: resolve(folder) });
  return loadConfigFile(path, options);
}

/** Reads the configuration at `path`. Errors: `config-invalid`. */
export async function loadConfigFile(
  path: string,
  options: { readonly roles?: Readonly<Record<string, Role>> } = {},
): Promise<LoadedConfig> {
  const whole = resolve(path);
  const place = { path: whole, folder: dirname(whole) };
  const file = basename(whole);
  let text: string;
  try {
    text = await readFile(whole, 'utf8');
  } catch (error) {
    throw new WaggleError(
      'config-invalid',
      { file: whole, problems: messageOf(error), list: [] },
      { cause: error },
    );
  }
  const read = readConfig(text, { ...options, file, folder: place.folder });
  if (!read.ok) throw configInvalid(whole, read.problems);
  return { ...place, ...read.value };
}

/** From the text of a `waggle.yaml` to its compiled form, or all its problems. Pure. */
export function readConfig(text: string, options: ReadConfigOptions): FileReading<CompiledConfig> {
  const problems: FileProblem[] = [];
  const add = (line: number, path: Path, message: string) =>
    problems.push({ file: options.file, line, key: keyText(path), message });
  const parsed = parseText(text, 'yaml');
  if (!parsed.ok) {
    for (const problem of parsed.problems) add(problem.line, [], problem.message);
    return { ok: false, problems };
  }
  const { source } = parsed;
  if (source.value === undefined || source.value === null) {
    add(1, [], 'the file is empty; `waggle init` writes a fresh one, and `project: <name>` alone is enough');
    return { ok: false, problems };
  }
  const report = ({ path, at, message }: PathProblem) => add(source.lineOf(at ?? path), path, message);
  const value = readShape(configShape, source.value, [], report);
  for (const problem of crossCheck(source.value, options.folder)) report(problem);
  if (problems.length > 0) return { ok: false, problems: inFileOrder(problems) };
  const checked = check('ConfigFile', value);
  if (!checked.ok) {
    // The shape and the schema disagree: the schema is right.
    const path = checked.path === '' ? [] : checked.path.split('.');
    add(source.lineOf(path), path, checked.fault);
    return { ok: false, problems };
  }
  return { ok: true, value: compileConfig(checked.value satisfies ConfigFile, options) };
}

function configInvalid(file: string, list: readonly FileProblem[]): WaggleError {
  const count = list.length === 1 ? '1 problem' : `${list.length} problems`;
  return new WaggleError('config-invalid', { file, problems: `${count}\n${problemsText(list)}`, list });
}
