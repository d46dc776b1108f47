/**
 * What of a worker's environment its programs may see: an allow-list of names, nothing else.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Let through for every program. A name that ends in `*` stands for all that begin so. */
export const DEFAULT_NAMES: readonly string[] = [
  'PATH',
  'HOME',
  'LANG',
  'LC_*',
  'TERM',
  'TMPDIR',
  'USER',
  'SHELL',
];

/** The variables of `from` whose names are in the default list or in `names`. */
export function allowedEnvironment(from: Environment, names: readonly string[] = []): Record<string, string> {
  const patterns = [...DEFAULT_NAMES, ...names];
  const isAllowed = (name: string): boolean =>
    patterns.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
  const allowed: Record<string, string> = {};
  for (const [name, value] of Object.entries(from))
    if (value !== undefined && isAllowed(name)) allowed[name] = value;
  return allowed;
}
