/**
 * A project's name when nobody chose one: from the repository's remote, so that every clone of it gets the
 * same, else from its folder. Always a valid name.
 */
import { basename } from 'node:path';

const LONGEST = 63;

/** The name for a folder and, when there is one, its remote's URL (ssh and https give the same). */
export function projectName(place: { readonly folder: string; readonly remote?: string }): string {
  const remote = place.remote === undefined ? '' : lastPart(place.remote);
  return squeeze(remote) || squeeze(basename(place.folder)) || 'project';
}

/** Lower-case letters, digits and single dashes, at most 63; empty when nothing of `text` can be kept. */
function squeeze(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const dashed = plain.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-/, '');
  return dashed.slice(0, LONGEST).replace(/-$/, '');
}

function lastPart(remote: string): string {
  const path = remote
    .trim()
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '');
  const part = path.split(/[/:\\]/).at(-1) ?? '';
  return part.replace(/\.git$/i, '');
}
