/**
 * What a killed `waggle up` may have left here. Looks only; `waggle down` cleans up.
 */
import type { ProjectPlace } from '../project-place.ts';
import { livingOf } from '../up/leftovers.ts';
import { isRunning, readUpFile } from '../up/up-file.ts';
import { type Check, look, pass, warn } from './report.ts';

export async function leftoverChecks(place: ProjectPlace): Promise<readonly Check[]> {
  return [
    await look('leftovers', 'waggle up', async () => {
      const file = await readUpFile(place.root);
      if (file === undefined) return pass('none runs here');
      if (await isRunning(file)) return pass(`process ${file.pid} runs ${file.services.length} services`);
      const living = (await livingOf(file.services)).map(({ name, pid }) => `${name} (${pid})`);
      const rest = living.length === 0 ? '' : `, and ${living.join(', ')} still run`;
      return warn(`process ${file.pid} was killed${rest}; \`waggle down\` cleans up`);
    }),
  ];
}
