/**
 * The types of flags.mjs, which runs before anything is built.
 */
type Environment = Readonly<Record<string, string | undefined>>;
export function withSwallowedFlags(args: readonly string[], env: Environment): string[];
export function withoutFlags(env: Environment): Record<string, string | undefined>;
