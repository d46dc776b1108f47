/**
 * A project's name when nobody chose one: from the repository's remote, so that every clone of it gets the
 * same, else from its folder. Always a valid name.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { remoteKey, withoutQuery } from './remote-key.ts';

const LONGEST = 63;
const MARK = 6;

/** The name for a folder and, when there is one, its remote's URL (ssh and https give the same). */
export function projectName(place: { readonly folder: string; readonly remote?: string }): string {
  const remote = place.remote === undefined ? '' : lastPart(place.remote);
  return squeeze(remote) || squeeze(basename(place.folder)) || 'project';
}

/**
 * The name that a repository has for everybody who has a clone of it: its last path part, and a mark that no other
 * repository of that name shares. `origin` is its remote's URL, or a path on this machine.
 */
export function projectOfOrigin(origin: string): string {
  const { key, last } = remoteKey(origin) ?? { key: origin, last: lastPart(origin) };
  const mark = createHash('sha256').update(key).digest('hex').slice(0, MARK);
  const name = squeeze(last).slice(0, LONGEST - MARK - 1);
  return `${name.replace(/-$/, '') || 'project'}-${mark}`;
}

/** Lower-case letters, digits and single dashes, at most 63; empty when nothing of `text` can be kept. */
function squeeze(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const dashed = plain.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-/, '');
  return dashed.slice(0, LONGEST).replace(/-$/, '');
}

function lastPart(remote: string): string {
  const path = withoutQuery(remote.trim());
  // A pattern for the slashes at the end would look at each run of slashes again and again.
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  const part =
    path
      .slice(0, end)
      .split(/[/:\\]/)
      .at(-1) ?? '';
  return part.replace(/\.git$/i, '');
}
