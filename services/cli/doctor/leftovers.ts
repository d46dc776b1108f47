/**
 * What a killed `waggle up` may have left here. Looks only; `waggle down` cleans up.
 */
import { existsSync } from 'node:fs';
import { lockHolder } from '../../../shared/process/state-lock.ts';
import type { ProjectPlace } from '../project-place.ts';
import { livingOf } from '../up/leftovers.ts';
import { isRunning, readUpFile, upFilePath, upLockFolder } from '../up/up-file.ts';
import { type Check, type Finding, fail, look, pass, warn } from './report.ts';

export async function leftoverChecks(place: ProjectPlace): Promise<readonly Check[]> {
  return [
    await look('leftovers', 'waggle up', async () => {
      const file = await readUpFile(place.root);
      if (file === undefined) return await unlisted(place);
      if (await isRunning(file)) return pass(`process ${file.pid} runs ${file.services.length} services`);
      const living = (await livingOf(file.services)).map(({ name, pid }) => `${name} (${pid})`);
      const rest = living.length === 0 ? '' : `, and ${living.join(', ')} still run`;
      return warn(`process ${file.pid} was killed${rest}; \`waggle down\` cleans up`);
    }),
  ];
}

/** No up.json, or none that can be read: the lock tells whether one runs. */
async function unlisted({ root, stateRoot }: ProjectPlace): Promise<Finding> {
  const holder = await lockHolder(upLockFolder(stateRoot));
  const isThere = existsSync(upFilePath(root));
  const what = isThere ? 'cannot be read' : 'is gone';
  const mend = '`waggle down` ends what runs and takes the file away; then `waggle up`';
  if (holder !== undefined)
    return fail(
      `${upFilePath(root)} ${what}: \`waggle ps\` shows nothing of it`,
      `process ${holder.pid} runs`,
      mend,
    );
  return isThere ? warn(`${upFilePath(root)} ${what}`, 'none runs here', mend) : pass('none runs here');
}
