/**
 * Deliberate faults in the rules that make a swarm safe. Each is put in from outside, where the real code takes a decider,
 * a bus, an outbox or a watch: nothing of it stands in the code that ships. The simulation must notice every one.
 */

import type { Policies } from '../../schemas/index.ts';
import type { Deciders } from '../../services/orchestrator/judge.ts';
import { type Judgement, type Moment, type Status, Watch } from '../../services/stale-takeover/watch.ts';
import type { Outgoing } from '../../shared/agent/outbox.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { type Alterations, project } from './services.ts';

export interface Mutation {
  readonly says: string;
  /** The rules any of which it is expected to break. */
  readonly breaks: readonly number[];
  /** Anew for each simulation: some remember. */
  readonly alterations: () => Alterations;
}

const subjects = subjectsOf(project);

const deciders = (change: (real: Deciders) => Partial<Deciders>): Alterations => ({
  deciders: (real) => ({ ...real, ...change(real) }),
});

/** Decides a claim as if the policies were others. */
const withPolicies = (others: (policies: Policies) => Policies): Alterations =>
  deciders((real) => ({
    applyClaim(board, input, now) {
      const { config } = board;
      board.config = { ...config, policies: others(config.policies) };
      try {
        return real.applyClaim(board, input, now);
      } finally {
        board.config = config;
      }
    },
  }));

const withAppend = (
  append: (bus: Bus, ...args: Parameters<Bus['append']>) => ReturnType<Bus['append']>,
): Alterations => ({
  core: (bus) => ({
    ...bus,
    append: (subject, ...rest) =>
      subject === subjects.journal ? append(bus, subject, ...rest) : bus.append(subject, ...rest),
  }),
});

const unlimited = ({ max_grants: _, max_per_lane: __, ...rest }: Policies): Policies => ({
  ...rest,
  max_heavy: 1_000,
});

/** Calls everybody dead of whom it has not heard itself, from the first moment on. */
class HastyWatch extends Watch {
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

/** The board's memory of ended incarnations, turned to acceptance. */
function forgivesEnded(real: Deciders): Partial<Deciders> {
  return {
    applyClaim(board, input, now) {
      const known = board.agents.get(input.from);
      const isEnded = known?.ended.has(input.claim.incarnation) === true;
      if (known === undefined || !isEnded) return real.applyClaim(board, input, now);
      const claim = { ...input.claim, incarnation: known.incarnation };
      return real.applyClaim(board, { ...input, claim }, now);
    },
  };
}

function takesOldReports(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      const grant = 'task' in report ? board.tasks.get(report.task)?.grant : undefined;
      const isOfOwner = report.kind !== 'takeover' && report.kind !== 'stale';
      if (grant === undefined || !('fence' in report) || !isOfOwner)
        return real.applyReport(board, input, now);
      const taken = { ...report, fence: grant.fence, run: grant.run };
      return real.applyReport(board, { ...input, from: grant.agent, report: taken }, now);
    },
  };
}

function believesEverything(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, { sign: _, ...input }, now) {
      return real.applyReport(board, input, now);
    },
  };
}

function countsNoAttempts(real: Deciders): Partial<Deciders> {
  return {
    applyReport(board, input, now) {
      const { report } = input;
      if (report.kind !== 'failed') return real.applyReport(board, input, now);
      return real.applyReport(board, { ...input, report: { ...report, outcome: 'killed' } }, now);
    },
  };
}

function forgetsCommands(real: Deciders): Partial<Deciders> {
  return {
    applyCommand(board, input, now, fits) {
      board.answers.delete(input.command.id);
      return real.applyCommand(board, input, now, fits);
    },
  };
}

/** Keeps reports in the memory of the process alone. */
const inMemory: Alterations['outbox'] = (outbox) => {
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

/** Claims that do not say after which mail they are to be decided. */
const claimsAtOnce: Alterations['workerBus'] = (bus) => ({
  ...bus,
  async request(subject, payload, options) {
    if (!subject.startsWith(`${subjects.prefix}.claim.`)) return await bus.request(subject, payload, options);
    const { after_mail: _, ...claim } = decode('Claim', { payload, headers: options.headers ?? {} });
    return await bus.request(subject, encode('Claim', claim).payload, options);
  },
});

export const mutations: readonly Mutation[] = [
  {
    says: 'a report counts for whatever grant lives on its task',
    breaks: [2, 8, 9],
    alterations: () => deciders(takesOldReports),
  },
  {
    says: 'answers go out before the PubAck',
    breaks: [8],
    alterations: () =>
      withAppend((bus, subject, payload, options = {}) => {
        const seq = (options.expectLastSeq ?? 0) + 1;
        bus.append(subject, payload, options).catch(() => undefined);
        return Promise.resolve({ stream: 'WG_sim_JOURNAL', seq, duplicate: false });
      }),
  },
  {
    says: 'the journal is appended to without an expectation',
    breaks: [1, 2],
    alterations: () =>
      withAppend((bus, subject, payload, { expectLastSeq: _, ...options } = {}) =>
        bus.append(subject, payload, options),
      ),
  },
  {
    says: 'a batch says that more mail is consumed than was decided',
    breaks: [4, 8],
    alterations: () =>
      withAppend((bus, subject, payload, options = {}) => {
        const batch = decode('Batch', { payload, headers: options.headers ?? {} });
        return bus.append(
          subject,
          encode('Batch', { ...batch, mail_seq: batch.mail_seq + 3 }).payload,
          options,
        );
      }),
  },
  {
    says: 'the takeover service does not wait a lease after its start, and the leader trusts it',
    breaks: [7],
    alterations: () => ({ ...deciders(believesEverything), newWatch: (now) => new HastyWatch(now) }),
  },
  {
    says: 'an ended incarnation is accepted again',
    breaks: [2],
    alterations: () => deciders(forgivesEnded),
  },
  {
    says: 'the committer does not look for the run in the branch',
    breaks: [3],
    alterations: () => ({ repository: { forgetsLookUp: true } }),
  },
  {
    says: 'a lane is moved under whatever fence stands there',
    breaks: [2, 3],
    alterations: () => ({ repository: { ignoresFences: true } }),
  },
  {
    says: 'caps are not looked at',
    breaks: [6],
    alterations: () => withPolicies(unlimited),
  },
  {
    says: 'path scopes are not looked at',
    breaks: [6],
    alterations: () => withPolicies((policies) => ({ ...policies, paths: 'warn' })),
  },
  {
    says: 'reports are kept in memory alone',
    breaks: [8],
    alterations: () => ({ outbox: inMemory }),
  },
  {
    says: 'the first claim after a start is not decided after the mail before it',
    breaks: [8],
    alterations: () => ({ workerBus: claimsAtOnce }),
  },
  {
    says: 'a failed run counts no attempt',
    breaks: [4, 9],
    alterations: () => deciders(countsNoAttempts),
  },
  {
    says: 'a command that comes again is carried out again',
    breaks: [8],
    alterations: () => deciders(forgetsCommands),
  },
];
