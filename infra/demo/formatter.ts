/**
 * The tool that does the tasks: the formatter among the dev dependencies, run as the native program that it is,
 * with settings of our own. No configuration that stands beside the files is obeyed.
 */
import { createRequire } from 'node:module';
import { execa } from 'execa';
import { messageOf, WaggleError } from '../../shared/errors.ts';

export interface Formatter {
  /** Program and first arguments; files and `--stdin-file-path` follow. */
  readonly argv: readonly [string, ...string[]];
}

export const FORMATTER = '@biomejs/biome';

/** Settings that hardly any author uses all at once, so that nearly every file changes. */
export const formatterSettings = `${JSON.stringify(
  {
    root: true,
    vcs: { enabled: false },
    files: { includes: ['**'] },
    linter: { enabled: false },
    assist: { enabled: false },
    formatter: {
      enabled: true,
      useEditorconfig: false,
      indentStyle: 'space',
      indentWidth: 4,
      lineWidth: 100,
      lineEnding: 'lf',
    },
    javascript: { formatter: { quoteStyle: 'double', semicolons: 'always', bracketSpacing: true } },
  },
  undefined,
  2,
)}\n`;

/** The formatter of this installation, with `configFile` as its only settings. Errors: `check-failed`. */
export function findFormatter(configFile: string): Formatter {
  const system = `${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const inPackage = createRequire(require.resolve(`${FORMATTER}/package.json`));
    for (const name of [system, `${system}-musl`]) {
      try {
        const program = inPackage.resolve(`@biomejs/cli-${name}/biome`);
        return { argv: [program, 'format', `--config-path=${configFile}`] };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
      }
    }
  } catch (error) {
    throw missing(messageOf(error), error);
  }
  throw missing(`it has no program for ${system}`);
}

/**
 * Formats every file below `folder` that parses, in place. That some do not is no error; that the program cannot
 * run is.
 */
export async function formatFolder(
  { argv: [program, ...first] }: Formatter,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const ended = await execa(program, [...first, '--write', '--max-diagnostics=1', '.'], {
    cwd: folder,
    reject: false,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (ended.exitCode === undefined)
    throw new WaggleError('start-failed', { program, cause: ended.shortMessage });
}

function missing(cause: string, error?: unknown): WaggleError {
  const message = `${FORMATTER}, which does the demo's tasks, is not installed (${cause}); run \`npm ci\``;
  return new WaggleError('check-failed', { message }, { cause: error });
}
