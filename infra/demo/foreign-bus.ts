/**
 * On a bus that was there before us the demo leaves nothing behind: its project has a name of its own, and what is
 * stored under it is deleted afterwards. The embedded bus goes with its folder.
 */
import { topology } from '../../shared/bus/topology.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { connectAs, openContext, type Variables } from '../../shared/service/context.ts';

const TIMEOUT_MS = 5_000;

/** Deletes the project's streams. Errors: the port's; `refused` with the server's words. */
export async function forgetProject(root: string, variables: Variables): Promise<void> {
  const context = { ...(await openContext({ folder: root, variables, service: 'demo' })), log: silentLog };
  const wanted = topology(context.project);
  for (const part of ['core', 'swarm'] as const) {
    const bus = await connectAs(context, part, 'operator');
    try {
      for (const { name } of wanted[part]) {
        const subject = `$JS.API.STREAM.DELETE.${name}`;
        const answer = await bus
          .request(subject, new Uint8Array(), { timeoutMs: TIMEOUT_MS })
          .catch((error: unknown) => {
            if (isWaggleError(error, 'no-responder')) return undefined;
            throw error;
          });
        const { error } = JSON.parse(Buffer.from(answer?.payload ?? []).toString() || '{}') as {
          error?: { code?: number; description?: string };
        };
        if (error !== undefined && error.code !== 404)
          throw new WaggleError('refused', { message: `${name}: ${error.description ?? 'not deleted'}` });
      }
    } finally {
      await bus.close();
    }
  }
}
