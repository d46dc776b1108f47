/**
 * The declared tools as they run: their list, and the check of their arguments. The one place that knows the form of
 * the generated file.
 */
import * as compiled from '../../../schemas/generated/tools.ts';
import type { ListedTool, ToolArguments, ToolName } from '../../../schemas/tools.ts';
import { fault, type Validator } from '../../../schemas/validation.ts';

const { tools, ...validators } = Object.fromEntries(Object.entries(compiled)) as unknown as {
  readonly tools: readonly ListedTool[];
} & Readonly<Record<ToolName, Validator>>;

/** Every tool, in the order of the declaration. */
export const listedTools = tools;

/** The tool of that name, if there is one. */
export function toolNamed(name: string): ListedTool | undefined {
  return listedTools.find((tool) => tool.name === name);
}

/** The arguments of a tool, or what was expected of them and what came, as one sentence. */
export function readArguments<N extends ToolName>(
  name: N,
  value: unknown,
): { readonly ok: true; readonly value: ToolArguments[N] } | { readonly ok: false; readonly fault: string } {
  const validator: Validator = validators[name];
  if (validator(value)) return { ok: true, value: value as ToolArguments[N] };
  return { ok: false, fault: fault(validator, value).fault };
}
