/**
 * The project that a `waggle.yaml` names, read without a YAML parser: a mail command needs nothing else of the file,
 * and the parser would cost it as much time as its work. Pure.
 */

/** The name where it stands plainly (`project: demo`); undefined where only a parser can tell. */
export function projectKey(text: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => /^["']?project["']?\s*:/.test(line));
  if (lines.length !== 1) return undefined;
  const [, quote, name] =
    /^project:[ \t]+(["']?)([a-z0-9][a-z0-9-]{0,62})\1[ \t]*(?:[ \t]#.*)?$/.exec(lines[0] ?? '') ?? [];
  if (name === undefined) return undefined;
  // A plain word that YAML takes for something else than text.
  const isOther = quote === '' && (/^[0-9]/.test(name) || ['true', 'false', 'null'].includes(name));
  return isOther ? undefined : name;
}
