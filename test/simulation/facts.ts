/**
 * What a simulated swarm's history holds, as an independent reader knows it: the journal folded without the board's code,
 * what stood on the wire and in MAIL, and what the models of harness and git know to be true. Rules look at it before
 * each event takes effect (`checks.ts`).
 */
import type {
  Batch,
  Beat,
  BoardConfig,
  Checkpoint,
  Event,
  Grant,
  GrantEnd,
  Place,
  Report,
  Submission,
  Task,
} from '../../schemas/index.ts';
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import { Letters } from './letters.ts';

/** Of a repository, what rules look at; the model's, or a real one's. */
export interface History {
  readonly branches: ReadonlyMap<string, string>;
  readonly commits: ReadonlyMap<string, { readonly message: string }>;
  /** Landings under a fence that another had gone above. */
  readonly overruns: readonly string[];
  /** From the tip back to the beginning. */
  line(branch: string): Iterable<{ readonly id: string; readonly message: string }>;
}

export interface GrantFact {
  readonly task: string;
  readonly grant: Grant;
  /** Virtual times. */
  readonly at: number;
  endedAt?: number;
  end?: GrantEnd;
  nudgedAt?: number;
}

/** A beat that lists a grant: when it was stored, and when the run had last printed. */
export interface Sign {
  readonly at: number;
  readonly printedAt?: number;
}

/** Watchers and leaders measure by clocks of their own, and a look may be a quarter of a lease old. */
export const SILENCE_SHARE = 0.7;
const SIGNS_KEPT = 16;
/** How long the server's word of a beat may be on its way to a leader. */
const UNHEARD_MS = 1_000;

export interface TaskFact {
  spec: Task;
  state: Task['state'];
  grant: GrantFact | undefined;
  submission: Submission | undefined;
  /** The last that a person wished while its commit was under way. */
  isRetryWished: boolean;
  attempts: number;
  losses: number;
  conflicts: number;
  /** How often it closed by a commit. */
  commitClosings: number;
}

export interface Landed {
  readonly task: string;
  readonly lane: string;
  readonly commit: string;
}

const checkpointKey = ({ fence, number }: Checkpoint): string => `${fence}/${number}`;

export class Facts {
  readonly repository: History;
  /** Whether every report was seen. From outside, one may have been missed: nothing is said of its counts then. */
  readonly isWhole: boolean;
  readonly tasks = new Map<string, TaskFact>();
  readonly grants = new Map<number, GrantFact>();
  /** Ids of reports by how often they ended a grant. */
  readonly effects = new Map<string, number>();
  readonly commands = new Map<string, number>();
  readonly letters = new Letters();
  readonly notes = new Map<string, number>();
  readonly landed: Landed[] = [];
  /** Reports as they were seen on the wire or in MAIL. */
  readonly reports = new Map<string, Report>();
  /** Final reports that stood in an outbox, with the virtual time of that. */
  readonly kept = new Map<string, { readonly report: Report; readonly agent: string; readonly at: number }>();
  /** When MAIL took a checkpoint first, by its fence and number. */
  readonly #checkpointsMailed = new Map<string, number>();
  /** The newest beats that list a fence. */
  readonly #signs = new Map<number, Sign[]>();
  /** When a leader decided the batch whose events are looked at: later it is stored. */
  decidedAt = 0;
  /** What stands in FILES. */
  readonly files = new Set<string>();
  /** Whether somebody set the wall clock of a leader, or of one that may lead: when things are due is anybody's guess then. */
  haveClocksJumped = false;
  /** Of each agent, the incarnation that was accepted last. */
  readonly incarnations = new Map<
    string,
    { readonly id: string; readonly place: Place; readonly at: number }
  >();
  /** The newest beats of each incarnation of an agent, by both. */
  readonly #beats = new Map<string, { readonly at: number; readonly isLast: boolean }[]>();
  /** Names that two machines had at a time: what one of them kept, the other knows nothing of. */
  readonly doubled = new Set<string>();
  /** Scope and name of budgets of which too little is left to grant anything more. */
  readonly spent = new Set<string>();
  /** Those that the batch under way is the end of: it says so behind what it ended. */
  spentNow: ReadonlySet<string> = new Set();
  /** Fences whose takeover was told with its evidence. */
  readonly takenOver = new Set<number>();
  /** Live grants by fence. */
  readonly live = new Map<number, GrantFact>();
  highestFence = 0;
  config: BoardConfig | undefined;
  configuredAt: number | undefined;
  batches = 0;
  events = 0;
  terms = 0;
  takeovers = 0;
  budgetsSpent = 0;
  mailSeq = 0;
  /** Ends whose report nobody saw. */
  unseen = 0;

  constructor(repository: History, isWhole = true) {
    this.repository = repository;
    this.isWhole = isWhole;
  }

  /** The live grants of work on tasks. */
  *liveWork(): Generator<{ readonly fact: TaskFact; readonly grant: Grant }> {
    for (const { task, grant } of this.live.values()) {
      const fact = this.tasks.get(task);
      if (grant.kind === 'work' && fact !== undefined) yield { fact, grant };
    }
  }

  noteCheckpoint(checkpoint: Checkpoint, now: number): void {
    const key = checkpointKey(checkpoint);
    if (!this.#checkpointsMailed.has(key)) this.#checkpointsMailed.set(key, now);
  }

  checkpointMailedAt(checkpoint: Checkpoint): number | undefined {
    return this.#checkpointsMailed.get(checkpointKey(checkpoint));
  }

  noteBeat(agent: string, beat: Beat, now: number): void {
    const key = `${agent} ${beat.incarnation}`;
    const beats = this.#beats.get(key) ?? [];
    beats.push({ at: now, isLast: beat.state === LEAVING });
    if (beats.length > SIGNS_KEPT) beats.shift();
    this.#beats.set(key, beats);
    for (const { fence, output_age_ms } of beat.grants) {
      if (this.grants.get(fence)?.grant.agent !== agent) continue;
      const signs = this.#signs.get(fence) ?? [];
      const printedAt = output_age_ms === undefined ? signs.at(-1)?.printedAt : now - output_age_ms;
      signs.push({ at: now, ...(printedAt === undefined ? {} : { printedAt }) });
      if (signs.length > SIGNS_KEPT) signs.shift();
      this.#signs.set(fence, signs);
    }
  }

  /** The last sign of life of that fence which its leader can have heard of when it decided. */
  signOf(fence: number): Sign | undefined {
    return this.#signs.get(fence)?.findLast(({ at }) => at <= this.decidedAt - UNHEARD_MS);
  }

  /** When a beat under that name was stored last, of those that its leader can have heard of when it decided; else 0. */
  lastBeatOf(agent: string): number {
    let last = 0;
    for (const [key, beats] of this.#beats) {
      if (!key.startsWith(`${agent} `)) continue;
      last = Math.max(last, beats.findLast(({ at }) => at <= this.decidedAt - UNHEARD_MS)?.at ?? 0);
    }
    return last;
  }

  /** For how long an incarnation of an agent had been silent when the leader decided; for ever when it had left. */
  silenceOf(agent: string, incarnation: string): number {
    const known = this.#beats.get(`${agent} ${incarnation}`) ?? [];
    if (known.at(-1)?.isLast === true) return Number.POSITIVE_INFINITY;
    const last = known.findLast(({ at }) => at <= this.decidedAt - UNHEARD_MS);
    return this.decidedAt - Math.max(last?.at ?? 0, this.incarnations.get(agent)?.at ?? 0);
  }

  /** Before its events are judged. */
  noteBudgets({ events }: Batch): void {
    const marks = events.flatMap((event) => (event.type === 'budget_reached' ? [event.mark] : []));
    const over = marks.filter(({ level }) => level !== undefined && level !== 'warn');
    this.spentNow = new Set(over.map(({ scope, name }) => `${scope} ${name}`));
  }

  noteBatch(batch: Batch): void {
    this.batches += 1;
    this.mailSeq = batch.mail_seq;
  }

  /** Takes an event in. */
  take(event: Event, now: number): void {
    this.events += 1;
    this.letters.take(event, this.decidedAt);
    switch (event.type) {
      case 'led':
        this.terms += 1;
        break;
      case 'configured':
        if (JSON.stringify(this.config?.budgets) !== JSON.stringify(event.config.budgets)) this.spent.clear();
        this.config = event.config;
        this.configuredAt ??= now;
        break;
      case 'answered':
        count(this.commands, event.command);
        break;
      case 'task_added':
        this.tasks.set(event.task.id, {
          spec: event.task,
          state: 'open',
          grant: undefined,
          submission: undefined,
          isRetryWished: false,
          attempts: 0,
          losses: 0,
          conflicts: 0,
          commitClosings: 0,
        });
        break;
      case 'task_edited': {
        const fact = this.tasks.get(event.task);
        if (fact !== undefined) fact.spec = { ...fact.spec, ...withoutNulls(event.patch) };
        break;
      }
      case 'granted': {
        const fact = this.tasks.get(event.task);
        const granted: GrantFact = { task: event.task, grant: event.grant, at: now };
        this.grants.set(event.grant.fence, granted);
        this.live.set(event.grant.fence, granted);
        this.highestFence = Math.max(this.highestFence, event.grant.fence);
        if (fact === undefined) break;
        fact.grant = granted;
        fact.state = event.grant.kind === 'commit' ? 'committing' : 'claimed';
        break;
      }
      case 'grant_ended': {
        const fact = this.tasks.get(event.task);
        const granted = this.grants.get(event.end.fence);
        this.live.delete(event.end.fence);
        if (granted !== undefined) {
          granted.endedAt = now;
          granted.end = event.end;
        }
        if (event.end.report !== undefined) count(this.effects, event.end.report);
        if (fact === undefined) break;
        fact.grant = undefined;
        fact.state = event.to;
        fact.attempts = event.attempts;
        fact.losses = event.losses;
        fact.conflicts = event.conflicts;
        // What a person wished meanwhile counts now: as if it were opened by them.
        if (event.to === 'open' && fact.isRetryWished) this.spent.delete(`task ${event.task}`);
        if (event.to !== 'submitted') fact.isRetryWished = false;
        if (event.to === 'submitted') fact.submission = event.submission ?? fact.submission;
        else fact.submission = undefined;
        if (event.closing?.how === 'committed') fact.commitClosings += 1;
        break;
      }
      case 'commit_landed':
        this.landed.push({ task: event.task, lane: event.lane, commit: event.commit });
        break;
      case 'agent_seen':
        this.incarnations.set(event.agent, { id: event.incarnation, place: event.place, at: now });
        break;
      case 'task_moved': {
        const fact = this.tasks.get(event.task);
        if (fact === undefined) break;
        fact.state = event.to;
        fact.submission = undefined;
        // A person opened it: its own budget begins anew.
        if (event.to === 'open') this.spent.delete(`task ${event.task}`);
        if (event.reset === true) [fact.attempts, fact.losses, fact.conflicts] = [0, 0, 0];
        break;
      }
      case 'verb_deferred': {
        const fact = this.tasks.get(event.task);
        if (fact !== undefined && event.deferred.verb !== 'edit')
          fact.isRetryWished = event.deferred.verb === 'retry';
        break;
      }
      case 'progressed':
        count(this.notes, event.note);
        break;
      case 'stale_seen': {
        const granted = this.grants.get(event.fence);
        if (granted !== undefined) granted.nudgedAt = now;
        break;
      }
      case 'taken_over':
        this.takeovers += 1;
        this.takenOver.add(event.fence);
        break;
      case 'budget_reached': {
        const { scope, name, level } = event.mark;
        if (level === undefined || level === 'warn') break;
        this.spent.add(`${scope} ${name}`);
        this.budgetsSpent += 1;
        break;
      }
      default:
        break;
    }
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** An edit's `null` clears the field. */
function withoutNulls<T extends object>(patch: T): Partial<Task> {
  const entries = Object.entries(patch).map(([key, value]) => [key, value === null ? undefined : value]);
  return Object.fromEntries(entries) as Partial<Task>;
}
