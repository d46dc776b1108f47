/**
 * `~` at the beginning of a path. A file that several people use cannot name a home; whoever uses it has one.
 */

const HOME = /^~(\/|$)/;

/** Whether the path begins in the home of whoever uses it. */
export const isAtHome = (path: string): boolean => HOME.test(path);

/** The whole path; undefined when it begins in a home and none is known. Pure. */
export function expandHome(path: string, home: string | undefined): string | undefined {
  if (!isAtHome(path)) return path;
  return home === undefined || home === '' ? undefined : `${home.replace(/\/$/, '')}${path.slice(1)}`;
}
