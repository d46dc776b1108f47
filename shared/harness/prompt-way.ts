/**
 * How a known harness is handed its prompt: as its profile says, or else as it likes best. Pure.
 */
import type { PromptMode } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { HarnessCapabilities } from './adapter.ts';
import { checkArguments } from './argument-template.ts';
import type { HarnessProfile } from './profile.ts';

/** Error: `start-failed` when the harness takes no prompt in the way that the profile wants. */
export function promptWay(
  profile: Pick<HarnessProfile, 'prompt' | 'harness'>,
  { prompts }: Pick<HarnessCapabilities, 'prompts'>,
): PromptMode {
  const way = profile.prompt ?? prompts[0] ?? 'stdin';
  if (!prompts.includes(way))
    throw new WaggleError('start-failed', {
      program: profile.harness,
      cause: `it takes no prompt by ${way}; its profile may say prompt: ${prompts.join(', or prompt: ')}`,
    });
  return way;
}

/** The same vector, once every argument of it can be handed over. Error: `start-failed`. */
export function checked(argv: readonly string[]): readonly string[] {
  checkArguments(argv);
  return argv;
}
