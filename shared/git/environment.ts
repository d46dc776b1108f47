/**
 * The environment a git process gets. Owns the rule of what of our own environment may reach it:
 * 1. No `GIT_*` of ours leaks in (a hook or a harness may have set GIT_DIR, GIT_INDEX_FILE, an author…),
 *    but how to reach a server (GIT_SSH*, GIT_ASKPASS).
 * 2. No configuration but the repository's own is read, unless the user's is asked for (credentials).
 * 3. Git never asks on a terminal, never rewrites an index just to refresh it, never obeys replace refs.
 */

const always = /^GIT_(SSH|ASKPASS$)/;
const withUserConfig = /^GIT_(SSH|ASKPASS$|SSL_|HTTP_|PROXY_|CURL_|CONFIG_)/;

const fixed = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ATTR_NOSYSTEM: '1',
  LC_ALL: 'C',
  GIT_AUTHOR_NAME: 'Waggle',
  GIT_AUTHOR_EMAIL: 'waggle@localhost',
  GIT_COMMITTER_NAME: 'Waggle',
  GIT_COMMITTER_EMAIL: 'waggle@localhost',
};
const ownConfig = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

export type Variables = Readonly<Record<string, string | undefined>>;

/** What git sees, made from `inherited`; `extra` wins over everything. */
export function gitEnvironment(
  userConfig: boolean,
  extra: Variables = {},
  inherited: Variables = process.env,
): Record<string, string> {
  const allowed = userConfig ? withUserConfig : always;
  const environment: Record<string, string> = {};
  const add = (variables: Variables): void => {
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined) environment[name] = value;
    }
  };
  for (const [name, value] of Object.entries(inherited)) {
    if (!name.startsWith('GIT_') || allowed.test(name)) add({ [name]: value });
  }
  add(fixed);
  if (!userConfig) add(ownConfig);
  add(extra);
  return environment;
}
