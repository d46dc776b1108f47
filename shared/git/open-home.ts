/**
 * Chooses the kind of a lane's home: a URL or a path.
 */
import type { LaneHome } from './home.ts';
import { openPathHome } from './path-home.ts';
import { isUrl } from './remote.ts';
import { openRemoteHome } from './remote-home.ts';

/** Opens the home; `cacheDir` is used only for a URL. */
export async function openHome(home: string, cacheDir: string, signal?: AbortSignal): Promise<LaneHome> {
  return isUrl(home) ? openRemoteHome({ url: home, cacheDir, signal }) : openPathHome(home, signal);
}
