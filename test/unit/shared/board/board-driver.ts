/**
 * Drives a board as a leader does: every input is decided and applied at the driver's time, and what follows
 * becomes a batch that must be valid on the wire. Folding the batches again gives the board a second leader
 * would have.
 */
import { pack, unpack } from 'msgpackr';
import type {
  AnyGrant,
  Batch,
  BoardConfig,
  Capabilities,
  Claim,
  Command,
  Event,
  Place,
  Report,
  Task,
  TaskSpec,
  Usage,
} from '../../../../schemas/index.ts';
import { check } from '../../../../schemas/index.ts';
import {
  type Applied,
  applyClaim,
  applyCommand,
  applyLook,
  applyMail,
  applyReport,
  applyUsage,
} from '../../../../shared/board/decide.ts';
import { type ClaimDecision, grantView } from '../../../../shared/board/decide-claim.ts';
import type { MailInput, Sighting } from '../../../../shared/board/decide-letters.ts';
import { evolveBatch } from '../../../../shared/board/evolve.ts';
import { leadEvents } from '../../../../shared/board/lead.ts';
import { type Board, createBoard, emptyConfig } from '../../../../shared/board/state.ts';

type Part<T> = T extends unknown ? Omit<T, 'v' | 'id'> & { id?: string } : never;
export type CommandPart = Part<Command>;
export type ReportPart = Part<Report>;

export interface ClaimPart {
  work?: 'task' | 'commit';
  slot?: number;
  number?: number;
  incarnation?: string;
  holds?: number[];
  capabilities?: Partial<Capabilities>;
  place?: Partial<Place>;
  silentMs?: number;
  genesis?: string;
  leaving?: boolean;
}

export const commit = (n: number): string => n.toString(16).padStart(40, '0');
export const START = 1_800_000_000_000;

export const config: BoardConfig = {
  ...emptyConfig,
  lanes: { main: { home: '/repo', base: 'main', branch: 'waggle/main', gates: [] } },
  roles: { op: 'operator', c1: 'committer', c2: 'committer', watch: 'stale-takeover' },
};

/** The board that a new leader folds, from batches as they come off the wire. */
export function fold(batches: readonly Batch[], codec: 'msgpack' | 'json' | 'none' = 'none'): Board {
  const board = createBoard();
  for (const batch of batches) {
    const stored = {
      msgpack: () => unpack(pack(batch)),
      json: () => JSON.parse(JSON.stringify(batch)),
      none: () => batch,
    };
    evolveBatch(board, stored[codec]() as Batch);
  }
  return board;
}

export type Driver = ReturnType<typeof createDriver>;

export function createDriver(changes: Partial<BoardConfig> = {}) {
  const numbers = new Map<string, number>();
  const incarnations = new Map<string, string>();
  const batches: Batch[] = [];
  let ids = 0;
  let tips = 1;
  const next = (prefix: string) => `${prefix}${++ids}`;

  const driver = {
    board: createBoard(),
    batches,
    now: START,
    events: (): Event[] => batches.flatMap(({ events }) => events),
    record(events: readonly Event[]): void {
      if (events.length === 0) return;
      const batch: Batch = {
        v: 1,
        id: next('b'),
        term: driver.board.term,
        at: driver.now,
        mail_seq: 0,
        streams: {},
        events: structuredClone([...events]),
      };
      const checked = check('Batch', batch);
      if (!checked.ok) throw new Error(`an invalid batch would be journaled: ${checked.fault}`);
      batches.push(batch);
    },
    lead(leader = 'l1'): void {
      const events = leadEvents(driver.board, { leader, project: 'demo', genesis: 'gen' });
      evolveBatch(driver.board, { at: driver.now, events });
      driver.record(events);
    },
    /** Somebody else takes the lead: the board is what the journal says. */
    replaceLeader(codec: 'msgpack' | 'json' = 'msgpack'): void {
      driver.board = fold(batches, codec);
      driver.lead(next('l'));
    },
    command(part: CommandPart, from = 'op', silentMs?: number) {
      const command = { v: 1, id: next('cmd'), ...part } as Command;
      const input = { from, command, ...(silentMs === undefined ? {} : { silentMs }) };
      const applied = applyCommand(driver.board, input, driver.now);
      driver.record(applied.events);
      return applied;
    },
    report(from: string, part: ReportPart) {
      const report = { v: 1, id: next('rep'), ...part } as Report;
      const applied = applyReport(driver.board, { from, report }, driver.now);
      driver.record(applied.events);
      return applied;
    },
    mail(stored: MailInput['stored'], sight?: Sighting): readonly Event[] {
      const input = { stored, ...(sight === undefined ? {} : { sight }) };
      const { events } = applyMail(driver.board, input, driver.now);
      driver.record(events);
      return events;
    },
    look(seq: number, sight: Sighting) {
      const applied = applyLook(driver.board, { seq, sight }, driver.now);
      driver.record(applied.events);
      return applied;
    },
    /** A beat said what a run has used so far. */
    usage(from: string, fence: number, usage: Usage): readonly Event[] {
      const { events } = applyUsage(driver.board, { from, fence, usage }, driver.now);
      driver.record(events);
      return events;
    },
    profile(profile: string, action: 'cool' | 'stop' | 'resume', more: object = {}, from = 'op') {
      return driver.command({ kind: 'profile', profile, action, ...more }, from);
    },
    claim(from: string, part: ClaimPart = {}): Applied<ClaimDecision> {
      const input = driver.claimOf(from, part);
      const applied = applyClaim(driver.board, input, driver.now);
      driver.record(applied.events);
      return applied;
    },
    /** The claim as it goes out: the next number of the slot unless one is given. */
    claimOf(from: string, part: ClaimPart = {}) {
      const incarnation = part.incarnation ?? incarnations.get(from) ?? `${from}-1`;
      incarnations.set(from, incarnation);
      const slot = part.slot ?? 0;
      const key = `${from}/${incarnation}/${slot}`;
      const number = part.number ?? (numbers.get(key) ?? 0) + 1;
      numbers.set(key, Math.max(numbers.get(key) ?? 0, number));
      const claim: Claim = {
        v: 1,
        kind: 'claim',
        work: part.work ?? 'task',
        incarnation,
        slot,
        number,
        holds: part.holds ?? [],
        capabilities: { profile: 'p1', harness: 'command', os: 'linux', ...part.capabilities },
        place: { host: 'h1', boot: 'b1', state: `s-${from}`, ...part.place },
        wait_ms: 1000,
        ...(part.genesis === undefined ? {} : { genesis: part.genesis }),
        ...(part.leaving === undefined ? {} : { leaving: part.leaving }),
      };
      return { from, claim, silentMs: part.silentMs ?? 0 };
    },
    add(...specs: (Partial<TaskSpec> & { id: string })[]) {
      const tasks = specs.map((spec) => ({ title: `do ${spec.id}`, ...spec }));
      const applied = driver.command({ kind: 'add', tasks });
      if (applied.answer.status !== 'ok') throw new Error(applied.answer.message);
      return applied;
    },
    task(id: string): Task {
      const task = driver.board.tasks.get(id);
      if (task === undefined) throw new Error(`no task ${id}`);
      return task;
    },
    /** Claims and expects a grant. */
    take(from: string, part: ClaimPart = {}): AnyGrant {
      const { answer } = driver.claim(from, part);
      if (answer.kind !== 'granted') throw new Error(`${from} got ${JSON.stringify(answer)}`);
      const grant = grantView(driver.board, answer.fence);
      if (grant === undefined) throw new Error(`fence ${answer.fence} has no view`);
      return grant;
    },
    takeCommit: (from = 'c1', part: ClaimPart = {}) => driver.take(from, { work: 'commit', ...part }),
    submitted: (grant: AnyGrant): ReportPart => ({
      kind: 'submitted',
      ...rights(grant),
      base: commit(1),
      head: commit(1000 + grant.fence),
      bundle: { owner: 'w1', sha256: 'a'.repeat(64), size_bytes: 10, chunks: 1 },
    }),
    submit: (from: string, grant: AnyGrant, id?: string) =>
      driver.report(from, { ...driver.submitted(grant), ...(id === undefined ? {} : { id }) }),
    done: (from: string, grant: AnyGrant) =>
      driver.report(from, { kind: 'done', ...rights(grant), outcome: 'completed' }),
    fail: (from: string, grant: AnyGrant, more: object = {}) =>
      driver.report(from, {
        kind: 'failed',
        ...rights(grant),
        outcome: 'crashed',
        reason: 'exit 1',
        ...more,
      }),
    committed(from: string, grant: AnyGrant, more: object = {}) {
      const lane = driver.task(grant.task).lane ?? 'main';
      const old = driver.board.lanes.get(lane)?.tip ?? commit(1);
      tips += 1;
      const made = commit(0xabc000 + tips);
      return driver.report(from, {
        kind: 'committed',
        ...rights(grant),
        lane,
        old,
        new: made,
        commit: made,
        subject: 'feat: it',
        found: false,
        ...more,
      });
    },
    bounced: (from: string, grant: AnyGrant, reason: string, more: object = {}) =>
      driver.report(from, {
        kind: 'bounced',
        ...rights(grant),
        lane: driver.task(grant.task).lane ?? 'main',
        reason,
        detail: 'the detail',
        ...more,
      } as ReportPart),
    takeover: (grant: AnyGrant, from = 'watch') =>
      driver.report(from, { kind: 'takeover', ...rights(grant), reason: 'dead', silent_ms: 60_000 }),
    openLane: (lane = 'main', tip = commit(1)) => driver.report('c1', { kind: 'lane', lane, tip }),
    configure(more: Partial<BoardConfig>) {
      return driver.command({ kind: 'configure', config: { ...driver.board.config, ...more } });
    },
    policies(more: Partial<BoardConfig['policies']>) {
      return driver.configure({ policies: { ...driver.board.config.policies, ...more } });
    },
  };
  driver.lead();
  driver.configure({ ...config, ...changes });
  driver.openLane();
  return driver;
}

export const rights = ({ task, fence, run }: AnyGrant) => ({ task, fence, run });
