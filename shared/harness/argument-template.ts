/**
 * A profile's command line: an argument vector with places in braces. Only the known places are filled;
 * every other brace stays as it is. Nothing is ever split or interpreted by a shell.
 */
import type { PromptMode } from '../../schemas/index.ts';
import { formatBytes } from '../config/bytes.ts';
import { WaggleError } from '../errors.ts';

/** What the places stand for. */
export interface Places {
  readonly promptFile: string;
  readonly promptText: string;
  readonly taskId: string;
  readonly run: string;
  readonly worktree: string;
  readonly agent: string;
}

/** Linux takes no longer single argument (with its final zero byte). */
const ARGUMENT_BYTES = 128 * 1024 - 1;

/**
 * Fills a template. In mode `argument` the prompt stands where `{prompt}` is, or comes last; in the other
 * modes `{prompt}` is no place. Error: `start-failed` when an argument cannot be handed over.
 */
export function fillArguments(template: readonly string[], mode: PromptMode, places: Places): string[] {
  const values = new Map([
    ['prompt_file', places.promptFile],
    ['task', places.taskId],
    ['run', places.run],
    ['worktree', places.worktree],
    ['agent', places.agent],
    ...(mode === 'argument' ? [['prompt', places.promptText] as const] : []),
  ]);
  const hasPrompt = template.some((element) => element.includes('{prompt}'));
  const elements = mode === 'argument' && !hasPrompt ? [...template, '{prompt}'] : template;
  const argv = elements.map((element) =>
    element.replace(/\{(\w+)\}/g, (place, name: string) => values.get(name) ?? place),
  );
  checkArguments(argv);
  return argv;
}

/** Error: `start-failed` when the system would not hand one of them over. */
export function checkArguments(argv: readonly string[]): void {
  argv.forEach((argument, index) => {
    const cause = refusal(argument);
    if (cause !== undefined)
      throw new WaggleError('start-failed', {
        program: argv[0] ?? '',
        cause: `argument ${index} ${cause}; prompt: file or prompt: stdin takes any prompt`,
      });
  });
}

function refusal(argument: string): string | undefined {
  const bytes = Buffer.byteLength(argument);
  if (bytes > ARGUMENT_BYTES) return `has ${formatBytes(bytes)}, and the system takes less than 128 KiB`;
  if (argument.includes('\0')) return 'holds a zero byte';
  return undefined;
}
