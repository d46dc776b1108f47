/**
 * Keeps `.waggle/up.json` in step with what runs. Writes follow one another, and each writes what is true when its
 * turn comes.
 */
import type { Supervisor } from '../../../infra/supervisor/supervisor.ts';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { processIdentity } from '../../../shared/process/identity.ts';
import type { UpPlan } from './plan.ts';
import { removeUpFile, type UpFile, type UpService, type UpState, writeUpFile } from './up-file.ts';

export interface UpRecord {
  become(state: UpState): Promise<void>;
  /** To be called when a service has started or ended. */
  changed(): void;
  /** Takes the file away. */
  close(): Promise<void>;
}

export async function openUpRecord(options: {
  readonly root: string;
  readonly project: string;
  readonly startedAt: number;
  readonly plan: Pick<UpPlan, 'services' | 'stopOrder'>;
  readonly supervisor: () => Pick<Supervisor, 'pid'> | undefined;
  readonly log: Log;
}): Promise<UpRecord> {
  const { root, project, plan, supervisor, log } = options;
  const order = leavingOrder(plan);
  const self = await processIdentity(process.pid);
  if (self === undefined) throw new WaggleError('check-failed', { message: 'the system hides this process' });
  let state: UpState = 'starting';
  let writing: Promise<void> = Promise.resolve();

  const services = async (): Promise<UpService[]> => {
    const found = await Promise.all(
      order.map(async ({ name, ...rest }) => {
        const pid = supervisor()?.pid(name);
        const identity = pid === undefined ? undefined : await processIdentity(pid);
        return identity === undefined
          ? []
          : [{ name, ...rest, pid: identity.pid, identity: identity.startedAt }];
      }),
    );
    return found.flat();
  };
  const write = (): Promise<void> => {
    const next = writing.then(async () => {
      const file: UpFile = {
        v: 1,
        project,
        pid: self.pid,
        identity: self.startedAt,
        state,
        started_at: options.startedAt,
        services: await services(),
      };
      await writeUpFile(root, file);
    });
    writing = next.catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'cannot write .waggle/up.json');
    });
    return next;
  };
  await write();
  return {
    become(next) {
      state = next;
      return write();
    },
    // Its error is in the log: what runs goes on without the record.
    changed: () => void write().catch(() => undefined),
    async close() {
      await writing;
      await removeUpFile(root);
    },
  };
}

/** Everything but who runs it now. */
type Leaving = Omit<UpService, 'pid' | 'identity'>;

function leavingOrder({ services, stopOrder }: Pick<UpPlan, 'services' | 'stopOrder'>): readonly Leaving[] {
  return stopOrder.flatMap((names, stop_group) =>
    names.map((name) => {
      const drain_ms = services.find((service) => service.name === name)?.drainMs ?? 0;
      return { name, stop_group, drain_ms };
    }),
  );
}
