/**
 * Where the standing parts of a prompt come from: `.waggle/prompts/` of the project, else what is shipped. Read for each
 * run, so that a change counts from the next one on.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mode } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { SourcedText } from './prompt.ts';
import { fillPlaces, shippedPrompts } from './shipped-prompts.ts';

export interface PromptSourcesOptions {
  /** `.waggle/prompts`. */
  readonly folder: string;
  readonly mode: Mode;
  /** A prompt's name, or `none`; absent: the mode's. */
  readonly template?: string;
}

/** Like a name of the bus, so that it is a file in that folder and nothing else. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const CONTEXT = 'context';

/** How to work here; undefined with `none`. Errors: `usage` when there is no prompt of that name. */
export async function protocolPrompt(
  { folder, mode, template = mode }: PromptSourcesOptions,
  places: Readonly<Record<string, string>>,
): Promise<SourcedText | undefined> {
  if (template === 'none') return undefined;
  const own = await promptFile(folder, template);
  const shipped = Object.hasOwn(shippedPrompts, template) ? shippedPrompts[template as Mode] : undefined;
  if (own === undefined && shipped === undefined) {
    const message = `there is no prompt ${template}: expected ${join(folder, `${template}.md`)}, or one of ${Object.keys(shippedPrompts).join(', ')}, none`;
    throw new WaggleError('usage', { message });
  }
  const { source, text } = own ?? { source: `shipped ${template}`, text: shipped ?? '' };
  return { source, text: fillPlaces(text, places).trimEnd() };
}

/** What the project says to all its agents, where it says something. */
export const contextPrompt = (folder: string): Promise<SourcedText | undefined> =>
  promptFile(folder, CONTEXT);

/** A prompt of the project's own by its name. Errors: the file system's, but for one that is missing. */
export async function promptFile(folder: string, name: string): Promise<SourcedText | undefined> {
  if (!NAME.test(name)) {
    throw new WaggleError('usage', {
      message: `expected the name of a prompt (lower-case letters, digits and dashes), got ${JSON.stringify(name)}`,
    });
  }
  const path = join(folder, `${name}.md`);
  try {
    const text = (await readFile(path, 'utf8')).trimEnd();
    return text === '' ? undefined : { source: path, text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
