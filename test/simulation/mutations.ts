/**
 * Deliberate faults in the rules that make a swarm safe, each one thing. They are put in from outside, where the real code
 * takes a decider, a bus, an outbox, a watch or a home: nothing of them stands in the code that ships. The simulation must
 * notice every one. Which of DESIGN's rules each is about stands in services/DESIGN.md.
 */
import * as decide from './faulty-deciders.ts';
import * as edge from './faulty-edges.ts';
import type { Alterations } from './services.ts';

export interface Mutation {
  readonly says: string;
  /** The rules any of which it is expected to break. */
  readonly breaks: readonly number[];
  /** Anew for each simulation: some remember. */
  readonly alterations: () => Alterations;
}

export const mutations: readonly Mutation[] = [
  {
    says: 'a claim that comes again gets another grant',
    breaks: [1],
    alterations: () => decide.deciders(decide.forgetsClaims),
  },
  {
    says: 'the journal is appended to without an expectation',
    breaks: [1, 2],
    alterations: () => edge.appendsAnywhere,
  },
  {
    says: 'an append without an answer is taken for stored',
    breaks: [1, 4, 8],
    alterations: () => edge.trustsSilence,
  },
  {
    says: 'a report counts for whatever grant lives on its task',
    breaks: [2, 8, 9],
    alterations: () => decide.deciders(decide.takesOldReports),
  },
  {
    says: 'an ended incarnation is accepted again',
    breaks: [2],
    alterations: () => decide.deciders(decide.forgivesEnded),
  },
  {
    says: 'a lane is moved under whatever fence stands there',
    breaks: [2, 3],
    alterations: () => ({ repository: { ignoresFences: true } }),
  },
  {
    says: 'the committer does not look for the run in the branch',
    breaks: [3],
    alterations: () => ({ repository: { forgetsLookUp: true } }),
  },
  {
    says: 'a task that expects a change is closed without one',
    breaks: [3],
    alterations: () => decide.deciders(decide.expectsNothing),
  },
  {
    says: "a person's word counts at once where a commit may have landed",
    breaks: [2, 3],
    alterations: () => decide.deciders(decide.forgetsCommits),
  },
  {
    says: 'a batch says that more mail is consumed than was decided',
    breaks: [4, 8],
    alterations: () => edge.withMailSeq((seq) => seq + 3),
  },
  {
    says: 'deps are not looked at',
    breaks: [5],
    alterations: () => decide.deciders(decide.forgetsDeps),
  },
  {
    says: 'the cap of all grants is not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withoutCap('max_grants')),
  },
  {
    says: 'the cap of a lane is not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withoutCap('max_per_lane')),
  },
  {
    says: 'the cap of heavy tasks is not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withPolicies({ max_heavy: 1_000 })),
  },
  {
    says: 'the cap of a profile is not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withoutProfileCaps),
  },
  {
    says: 'path scopes are not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withPolicies({ paths: 'warn' })),
  },
  {
    says: 'budgets are not looked at',
    breaks: [6],
    alterations: () => decide.claimsUnder(decide.withoutBudgets),
  },
  {
    says: 'a lane is committed to by several at a time',
    breaks: [1],
    alterations: () => decide.deciders(decide.forgetsLanes),
  },
  {
    // Either alone shows nothing: each of the two guards the other's fault.
    says: 'the takeover service does not wait a lease after its start, and the leader believes it',
    breaks: [7],
    alterations: () => ({
      ...decide.deciders(decide.believesEverything),
      newWatch: (now) => new edge.HastyWatch(now),
    }),
  },
  {
    says: 'a takeover is told without its evidence',
    breaks: [7],
    alterations: () => decide.deciders(decide.takesInSilence),
  },
  {
    says: 'a name goes to another machine at once',
    breaks: [7],
    alterations: () => decide.deciders(decide.givesNamesAway),
  },
  {
    says: 'answers go out before the PubAck',
    breaks: [8],
    alterations: () => edge.appendsUnasked,
  },
  {
    says: 'a batch says that no mail is consumed',
    breaks: [8],
    alterations: () => edge.withMailSeq(() => 0),
  },
  {
    says: 'reports are kept in memory alone',
    breaks: [8],
    alterations: () => ({ outbox: edge.inMemory }),
  },
  {
    says: 'a tree is removed with work that is kept nowhere',
    breaks: [8],
    alterations: () => ({ hands: edge.removesAnyTree }),
  },
  {
    says: 'trees that a predecessor left are not looked at',
    breaks: [8],
    alterations: () => ({ left: edge.leavesTrees }),
  },
  {
    says: 'a report counts as delivered when it is sent',
    breaks: [4, 8],
    alterations: () => ({ workerBus: edge.mailsUnasked }),
  },
  {
    says: 'a report that comes again is judged anew',
    breaks: [8],
    alterations: () => decide.deciders(decide.forgetsReports),
  },
  {
    says: 'the first claim after a start is not decided after the mail before it',
    breaks: [8],
    alterations: () => ({ workerBus: edge.claimsAtOnce }),
  },
  {
    says: 'the report that a claim brings is decided before what was mailed ahead of it',
    breaks: [8],
    alterations: () => ({ workerBus: edge.reportsAtOnce }),
  },
  {
    says: 'a command that comes again is carried out again',
    breaks: [8],
    alterations: () => decide.deciders(decide.forgetsCommands),
  },
  {
    says: 'receipts of letters are not looked at',
    breaks: [8],
    alterations: () => decide.deciders(decide.overlooksReceipts),
  },
  {
    says: 'letters are judged by what is read of MAIL, whatever it holds',
    breaks: [8],
    alterations: () => ({ leaderBus: edge.readsNoEnd }),
  },
  {
    says: "a letter's reader is unknown until it is seen",
    breaks: [8],
    alterations: () => decide.deciders(decide.knowsNobody),
  },
  {
    says: "a letter's reader who says nothing is gone",
    breaks: [8],
    alterations: () => decide.deciders(decide.missesEverybody),
  },
  {
    says: 'a failed run counts no attempt',
    breaks: [4, 9],
    alterations: () => decide.deciders(decide.countsNoAttempts),
  },
  {
    says: 'a rate limit counts as an attempt',
    breaks: [9],
    alterations: () => decide.deciders(decide.countsLimits),
  },
  {
    says: 'a conflict counts as an attempt',
    breaks: [9],
    alterations: () => decide.deciders(decide.countsConflictsAsAttempts),
  },
  {
    says: 'a death counts no loss',
    breaks: [9],
    alterations: () => decide.deciders(decide.countsNoLosses),
  },
  {
    says: 'a task is tried for ever',
    breaks: [9],
    alterations: () => decide.unbounded('max_attempts'),
  },
  {
    says: 'a task that kills its agents is tried for ever',
    breaks: [9],
    alterations: () => decide.unbounded('max_losses'),
  },
  {
    says: 'a task that conflicts is tried for ever',
    breaks: [9],
    alterations: () => decide.unbounded('max_conflicts'),
  },
];
