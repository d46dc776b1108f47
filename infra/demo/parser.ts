/**
 * Whether a file's content parses, asked of the same programs as the gate asks. A content is asked about once: what
 * it is called by (its blob) says all of it.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import PQueue from 'p-queue';
import { kindOf } from './file-kinds.ts';
import type { Formatter } from './formatter.ts';

export interface Parser {
  /** `file` holds the content of `blob`, which stands at `path` in its repository. True for kinds without a parser. */
  parses(content: { readonly path: string; readonly blob: string; readonly file: string }): Promise<boolean>;
}

export function createParser(options: {
  readonly formatter: Formatter;
  /** Where no settings of anybody's lie. */
  readonly toolFolder: string;
  readonly signal: AbortSignal;
}): Parser {
  const { formatter, toolFolder, signal } = options;
  const queue = new PQueue({ concurrency: availableParallelism() });
  const known = new Map<string, Promise<boolean>>();

  const succeeds = async (program: string, args: readonly string[], file: string): Promise<boolean> => {
    const ended = await execa(program, args, {
      cwd: toolFolder,
      inputFile: file,
      reject: false,
      cancelSignal: signal,
    });
    signal.throwIfAborted();
    return ended.exitCode === 0;
  };
  const asModule = (type: string, file: string) =>
    succeeds(process.execPath, ['--check', `--input-type=${type}`, '-'], file);

  const ask = async (path: string, file: string): Promise<boolean> => {
    switch (kindOf(path)?.parser) {
      case 'module':
        return asModule('module', file);
      case 'commonjs':
        return asModule('commonjs', file);
      case 'either':
        return (await asModule('module', file)) || (await asModule('commonjs', file));
      case 'formatter': {
        const [program, ...first] = formatter.argv;
        return succeeds(program, [...first, `--stdin-file-path=${join('.', path)}`], file);
      }
      case undefined:
        return true;
    }
  };

  return {
    parses({ path, blob, file }) {
      const key = `${blob} ${kindOf(path)?.extensions[0] ?? ''}`;
      const asked = known.get(key) ?? queue.add(() => ask(path, file));
      known.set(key, asked);
      return asked;
    },
  };
}
