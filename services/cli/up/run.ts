/**
 * `waggle up` in the foreground: starts everything, tells what happens, and drains everything when the signal
 * aborts. Nothing that it started runs when it has ended.
 */
import { join } from 'node:path';
import { ensureNatsServer } from '../../../infra/nats/install.ts';
import {
  type Supervisor,
  type SupervisorEvent,
  startSupervisor,
} from '../../../infra/supervisor/supervisor.ts';
import { removeBusFile } from '../../../shared/config/bus-file.ts';
import { formatDuration } from '../../../shared/config/durations.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { acquireStateLock, type StateLock } from '../../../shared/process/state-lock.ts';
import { randomId } from '../../../shared/random.ts';
import type { Variables } from '../../../shared/service/context.ts';
import { untilAborted } from '../../../shared/until-aborted.ts';
import type { Output } from '../output.ts';
import { ownProgram } from '../own-program.ts';
import type { Session } from '../session.ts';
import { eventLine } from './event-lines.ts';
import { excludeState } from './exclude.ts';
import { endOrphanBus, endServices, isBusKept } from './leftovers.ts';
import { createPatience } from './patience.ts';
import { planUp, type UpPlan } from './plan.ts';
import { namesBus, type PreparedUp, prepareUp, type UpOptions } from './prepare.ts';
import type { Missing } from './readiness.ts';
import { openUpRecord, type UpRecord } from './record.ts';
import { startAll } from './starting.ts';
import { readUpFile, upLockFolder } from './up-file.ts';

/** Errors: those of `prepareUp`, and `not-ready` with the reason. */
export async function runUp(session: Session, output: Output, options: UpOptions): Promise<void> {
  const prepared = await prepareUp(session, options);
  const { place } = prepared;
  const lock = await lockUp(place.stateRoot);
  try {
    await excludeState(place.root);
    await endPredecessor(prepared, output, options, session.signal);
    const isOwnBus = await needsBus(prepared, session.variables);
    const env = await environmentOf(session, isOwnBus);
    const { root } = place;
    const { workers } = prepared;
    const plan = planUp({ ...options, program: ownProgram(), root, env, workers, bus: isOwnBus });
    // What bus.json says of a bus that nobody keeps is not to be believed.
    if (isOwnBus) {
      await endOrphanBus(root, place.clock);
      await removeBusFile(root);
    }
    try {
      await runPlan(session, output, options, prepared, plan);
    } finally {
      if (isOwnBus) await endOrphanBus(root, place.clock);
    }
  } finally {
    await lock.release();
  }
}

async function lockUp(stateRoot: string): Promise<StateLock> {
  try {
    return await acquireStateLock(upLockFolder(stateRoot), { randomId });
  } catch (error) {
    if (!isWaggleError(error, 'state-locked')) throw error;
    throw new WaggleError('already-running', { what: '`waggle up`', pid: error.details['pid'] });
  }
}

/** The services of a killed `up` are draining: two of one name would stand in each other's way. */
async function endPredecessor(
  { place }: PreparedUp,
  output: Output,
  { drainMs }: UpOptions,
  signal: AbortSignal,
): Promise<void> {
  const old = await readUpFile(place.root);
  if (old === undefined) return;
  const ended = await endServices(old, { graceMs: drainMs, clock: place.clock, signal });
  if (ended.length === 0) return;
  output.item({ event: 'leftovers', names: ended }, () => `a killed predecessor's ${ended.join(', ')} ended`);
}

/** Whether no bus is there to be used: none named, and no `waggle nats` at work here. */
async function needsBus({ place }: PreparedUp, variables: Variables): Promise<boolean> {
  return !namesBus(variables) && !(await isBusKept(place.stateRoot));
}

/** The server is found, or installed, here: only here is a terminal to ask on. */
async function environmentOf({ variables, signal }: Session, isOwnBus: boolean): Promise<Variables> {
  if (!isOwnBus) return variables;
  const { path } = await ensureNatsServer({ env: variables, signal });
  return { ...variables, NATS_SERVER: path };
}

async function runPlan(
  session: Session,
  output: Output,
  options: UpOptions,
  { place }: PreparedUp,
  plan: UpPlan,
): Promise<void> {
  const { root, project, clock, stateRoot } = place;
  const failed = new AbortController();
  const hurry = new AbortController();
  session.onHurry?.(() => hurry.abort());
  let supervisor: Supervisor | undefined;
  let isStarting = true;
  const order = plan.stopOrder.flat();
  const record: UpRecord = await openUpRecord({
    root,
    project,
    plan,
    startedAt: clock.now(),
    supervisor: () => supervisor,
    log: silentLog,
  });
  const reasonToStop = createPatience();
  const onEvent = (event: SupervisorEvent) => {
    const line = eventLine(event);
    output.item({ event: event.kind, ...event, kind: undefined }, () => line ?? '');
    record.changed();
    const reason = isStarting ? reasonToStop(event) : undefined;
    if (reason !== undefined) failed.abort(reason);
  };
  supervisor = await startSupervisor({
    services: plan.services,
    stopOrder: plan.stopOrder,
    logDir: join(stateRoot, 'logs'),
    onEvent,
    clock,
    log: silentLog,
  });
  try {
    const isReady = await startWithin(session, output, options, { place, plan, supervisor }, failed.signal);
    isStarting = false;
    if (isReady) {
      await record.become('ready');
      const told = Object.fromEntries(order.map((name) => [name, supervisor?.pid(name)]));
      output.item({ event: 'ready', project, pids: told }, () => `${project} is up; Ctrl-C drains it`);
      await untilAborted(session.signal);
    }
  } finally {
    isStarting = false;
    await record.become('draining').catch(() => undefined);
    output.item({ event: 'draining' }, () => 'draining; once more to hurry');
    await supervisor.stop(hurry.signal);
    await record.close();
  }
}

/** False when the signal ended it before. Errors: `not-ready`, those of `startAll`. */
async function startWithin(
  session: Session,
  output: Output,
  { waitMs }: UpOptions,
  { place, plan, supervisor }: Pick<PreparedUp, 'place'> & { plan: UpPlan; supervisor: Supervisor },
  failed: AbortSignal,
): Promise<boolean> {
  const { variables } = session;
  let missing: readonly Missing[] = [];
  const inTime = AbortSignal.timeout(waitMs);
  const signal = AbortSignal.any([session.signal, failed, inTime]);
  const onReady = (name: string, detail: string) => {
    const text = detail === '' ? `${name} ready` : `${name} ready: ${detail}`;
    output.item({ event: 'part-ready', name, detail }, () => text);
  };
  const onMissing = (parts: readonly Missing[]) => {
    missing = parts;
  };
  try {
    await startAll({ place, plan, supervisor, variables, onReady, onMissing }, signal);
    return true;
  } catch (error) {
    if (session.signal.aborted) return false;
    if (failed.aborted) throw failed.reason;
    if (!inTime.aborted) throw error;
    const parts = missing.map(({ name, why }) => `${name} (${why})`).join(', ');
    const cause = `${parts} after ${formatDuration(waitMs)}; see ${join(place.stateRoot, 'logs')}`;
    throw new WaggleError('not-ready', { what: 'the swarm', cause }, { cause: error });
  }
}
