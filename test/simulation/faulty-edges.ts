/**
 * What stands around the board with one deliberate fault each: the leader's journal, a worker's bus and outbox, the watch of
 * the takeover service. Used by `mutations.ts`.
 */
import { type Judgement, type Moment, type Status, Watch } from '../../services/stale-takeover/watch.ts';
import type { Outgoing } from '../../shared/agent/outbox.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { type Alterations, project } from './services.ts';

const subjects = subjectsOf(project);

export const withAppend = (
  append: (bus: Bus, ...args: Parameters<Bus['append']>) => ReturnType<Bus['append']>,
): Alterations => ({
  core: (bus) => ({
    ...bus,
    append: (subject, ...rest) =>
      subject === subjects.journal ? append(bus, subject, ...rest) : bus.append(subject, ...rest),
  }),
});

/** The leader's batches say another mail than the one they consumed. */
export const withMailSeq = (other: (seq: number) => number): Alterations =>
  withAppend((bus, subject, payload, options = {}) => {
    const batch = decode('Batch', { payload, headers: options.headers ?? {} });
    const changed = encode('Batch', { ...batch, mail_seq: other(batch.mail_seq) });
    return bus.append(subject, changed.payload, options);
  });

export const appendsUnasked: Alterations = withAppend((bus, subject, payload, options = {}) => {
  const seq = (options.expectLastSeq ?? 0) + 1;
  bus.append(subject, payload, options).catch(() => undefined);
  return Promise.resolve({ stream: 'WG_sim_JOURNAL', seq, duplicate: false });
});

export const appendsAnywhere: Alterations = withAppend(
  (bus, subject, payload, { expectLastSeq: _, ...options } = {}) => bus.append(subject, payload, options),
);

/** No answer is taken for a good one. */
export const trustsSilence: Alterations = withAppend(async (bus, subject, payload, options = {}) => {
  try {
    return await bus.append(subject, payload, options);
  } catch (error) {
    if (!isWaggleError(error, 'bus-timeout')) throw error;
    return { stream: 'WG_sim_JOURNAL', seq: (options.expectLastSeq ?? 0) + 1, duplicate: false };
  }
});

/** Calls everybody dead of whom it has not heard itself, from the first moment on. */
export class HastyWatch extends Watch {
  #heard = new Set<number>();
  #known: Status | undefined;

  override beat(...args: Parameters<Watch['beat']>): void {
    for (const { fence } of args[2].beat.grants) this.#heard.add(fence);
  }

  override status(_at: number, _askedAt: number, status: Status): void {
    this.#known = status;
  }

  override judge(_now: Moment): Judgement {
    const unheard =
      this.#known?.grants.filter(({ fence, kind }) => kind === 'work' && !this.#heard.has(fence)) ?? [];
    const silentMs = this.#known?.config.policies.lease_ms ?? 0;
    return {
      verdicts: unheard.map((grant) => ({ kind: 'dead', grant, silentMs, lastSign: 'no beat listed it' })),
    };
  }
}

/** Keeps reports in the memory of the process alone. */
export const inMemory: NonNullable<Alterations['outbox']> = (outbox) => {
  const entries: Outgoing[] = [];
  const take = (id: string) => {
    const at = entries.findIndex(({ report }) => report.id === id);
    if (at >= 0) entries.splice(at, 1);
  };
  return {
    ...outbox,
    async put(outgoing) {
      await outbox.put(outgoing);
      entries.push(outgoing);
      await outbox.remove(outgoing.report.id);
    },
    pending: () => [...entries],
    has: (id) => entries.some(({ report }) => report.id === id),
    async remove(id, mailSeq) {
      take(id);
      await outbox.remove(id, mailSeq);
    },
    async setAside(id) {
      take(id);
    },
  };
};

/** A tree goes with whatever it holds. */
export const removesAnyTree: NonNullable<Alterations['hands']> = (hands) => ({
  ...hands,
  async open(opening) {
    const run = await hands.open(opening);
    const { tree } = run.workspace;
    tree.remove = tree.remove.bind(tree, true);
    return run;
  },
});

/** Nobody looks at what a predecessor left. */
export const leavesTrees: NonNullable<Alterations['left']> = (left) => ({ ...left, list: async () => [] });

/** Claims that do not say after which mail they are to be decided. */
export const claimsAtOnce: NonNullable<Alterations['workerBus']> = (bus) => ({
  ...bus,
  async request(subject, payload, options) {
    if (!subject.startsWith(`${subjects.prefix}.claim.`)) return await bus.request(subject, payload, options);
    const { after_mail: _, ...claim } = decode('Claim', { payload, headers: options.headers ?? {} });
    return await bus.request(subject, encode('Claim', claim).payload, options);
  },
});

/** Claims that bring a report do not say after which mail they are to be decided. */
export const reportsAtOnce: NonNullable<Alterations['workerBus']> = (bus) => ({
  ...bus,
  async request(subject, payload, options) {
    if (!subject.startsWith(`${subjects.prefix}.claim.`)) return await bus.request(subject, payload, options);
    const { after_mail, ...claim } = decode('Claim', { payload, headers: options.headers ?? {} });
    const sent = claim.report === undefined && after_mail !== undefined ? { ...claim, after_mail } : claim;
    return await bus.request(subject, encode('Claim', sent).payload, options);
  },
});

/** Nobody asks how far MAIL goes: what is read of it counts for all of it. */
export const readsNoEnd: NonNullable<Alterations['leaderBus']> = (bus) => ({
  ...bus,
  streams: {
    ...bus.streams,
    get: async (stream, what) =>
      'lastBySubject' in what && what.lastBySubject === subjects.mailTo()
        ? undefined
        : await bus.streams.get(stream, what),
  },
});

/** What was sent counts as delivered. */
export const mailsUnasked: NonNullable<Alterations['workerBus']> = (bus) => ({
  ...bus,
  async append(subject, payload, options) {
    if (!subject.startsWith(`${subjects.prefix}.mail.`)) return await bus.append(subject, payload, options);
    bus.append(subject, payload, options).catch(() => undefined);
    return { stream: 'WG_sim_MAIL', seq: 1, duplicate: false };
  },
});
