/**
 * Flags that npm took for its own: `npm run demo --json`, without the `--` between, leaves no argument but sets
 * `npm_config_json=true`. Pure.
 */

/** Flags of our programs; true marks those that take a value. */
const FLAGS = { json: false, keep: false, calm: false, tasks: true, workers: true, repo: true };

/**
 * The arguments with the swallowed flags put back; one that stands there already is left alone. Throws when npm
 * left several values whose flags nobody can tell any more.
 */
export function withSwallowedFlags(args, env) {
  const added = [];
  const rest = [...args];
  // Of `--tasks 5` npm keeps the flag and passes the value on as an argument of its own.
  const bereft = [];
  for (const [name, takesValue] of Object.entries(FLAGS)) {
    const value = env[`npm_config_${name}`];
    if (value === undefined || value === '' || value === 'false') continue;
    if (args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))) continue;
    if (!takesValue) added.push(`--${name}`);
    else if (value === 'true') bereft.push(`--${name}`);
    else added.push(`--${name}=${value}`);
  }
  if (bereft.length > 1) {
    throw new Error(
      `npm took ${bereft.join(' and ')} for its own: put -- between, as in npm run demo -- ${bereft[0]} …`,
    );
  }
  return [...added, ...bereft, ...rest];
}

/** The environment without those flags, so that no npm further down obeys them. */
export function withoutFlags(env) {
  const swallowed = Object.keys(FLAGS).map((name) => `npm_config_${name}`);
  return Object.fromEntries(Object.entries(env).filter(([key]) => !swallowed.includes(key)));
}
