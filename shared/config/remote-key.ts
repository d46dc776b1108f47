/**
 * What a repository's remote is, whichever way it is spelled: ssh, scp-like, https or git, with or without user, port,
 * `.git` and trailing slashes. Pure.
 *
 * 1. One repository on one host has one key. The port is left out: ssh and https never share one.
 * 2. The path counts as it stands but for its ending: two repositories that share their last part only differ.
 */
import { percentDecoded } from '../percent-decoded.ts';

/** What ends a URL's authority is part of no host. */
const HOST = /^[^/?#]+$/;

export interface RemoteKey {
  /** `host/path/to/repository`. */
  readonly key: string;
  /** The path's last part, as people call the repository. */
  readonly last: string;
}

/** The key of a remote's URL; undefined for a path on this machine (`/srv/x.git`, `../x`, `file:///srv/x.git`). */
export function remoteKey(url: string): RemoteKey | undefined {
  const { host, path } = partsOf(url.trim()) ?? {};
  if (host === undefined || path === undefined || !HOST.test(host)) return undefined;
  const parts = percentDecoded(withoutQuery(path))
    .split('/')
    .filter((part) => !['', '.', '~'].includes(part));
  const last = parts.pop()?.replace(/(?<=.)\.git$/i, '');
  if (last === undefined) return undefined;
  return { key: [host, ...parts, last].join('/'), last };
}

/** Without what stands behind the path in a URL. */
export const withoutQuery = (path: string): string => path.split(/[?#]/, 1)[0] ?? '';

function partsOf(url: string): { host: string; path: string } | undefined {
  const [, scheme, authority = '', path = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  if (scheme !== undefined) {
    const host = hostOf(authority);
    return scheme.toLowerCase() === 'file' ? undefined : { host, path };
  }
  // As git reads it: a colon before the first slash makes it a host. One letter would be a drive.
  const [, scpHost, scpPath] = /^((?:[^/:\s]+@)?(?:\[[^\]/]+\]|[^/:\\\s]{2,})):(.+)$/s.exec(url) ?? [];
  return scpHost === undefined || scpPath === undefined
    ? undefined
    : { host: hostOf(scpHost), path: scpPath };
}

/** Without user and port, in lower case; `ssh.` and `altssh.` are how hosts offer ssh on the port of https. */
function hostOf(authority: string): string {
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/\.$/, '');
  return host.replace(/^(?:alt)?ssh\.(?=[^.]+\.)/, '');
}
