/**
 * Replays a tracker's log against the board: every start, close, block and change of status goes, by the same actor,
 * in the same order and with the same gaps in virtual time, through the commands that `waggle task` sends, and the
 * board decides as a leading orchestrator lets it. Nothing here knows what may be refused. Pure.
 *
 * A start of a task that another actor had, and of which nothing was said for `takeoverAfterMs`, asks to take it over,
 * as the tracker's rule in prose allowed; every other start is a plain one.
 */
import type { Command, Event, Priority } from '../../schemas/index.ts';
import { LINE_LIMIT } from '../../schemas/limits.ts';
import { applyCommand } from '../board/decide.ts';
import { clip } from '../board/decision.ts';
import { evolveBatch } from '../board/evolve.ts';
import { leadEvents } from '../board/lead.ts';
import { createBoard } from '../board/state.ts';
import { ConductBook, closeConducts, startConducts } from './conduct.ts';
import type { TrackerEvent, TrackerEventType } from './event.ts';
import { ActorNames, taskIdOf } from './names.ts';
import { Referee } from './referee.ts';
import { type ReplayResult, ReplayTally, reasonsOf, type Verdict } from './replay-tally.ts';

export interface ReplayOptions {
  /** How long nothing was said of a task before a start of it asks to take it over; infinite: never. */
  readonly takeoverAfterMs?: number;
  /** False: no task waits for another, so that nothing but owners and states decides. Default: true. */
  readonly withLinks?: boolean;
}

/** The tracker's rule: a task in progress may be taken over after that much silence. */
export const LATE_AFTER_MS = 45 * 60_000;

const RUNS_KEPT = 1_000;

type Part<C> = C extends unknown ? Omit<C, 'v' | 'id'> : never;

export class Replay {
  readonly #board = createBoard();
  readonly #names = new ActorNames();
  readonly #tally = new ReplayTally();
  readonly #book = new ConductBook(LATE_AFTER_MS);
  readonly #referee = new Referee(LATE_AFTER_MS);
  readonly #takeoverAfterMs: number;
  readonly #withLinks: boolean;
  #now = 0;
  #from: number | undefined;
  #commands = 0;
  #takeovers = 0;
  #notReplayed = 0;
  #badIds = 0;

  constructor({ takeoverAfterMs = LATE_AFTER_MS, withLinks = true }: ReplayOptions = {}) {
    this.#takeoverAfterMs = takeoverAfterMs;
    this.#withLinks = withLinks;
    const identity = { leader: 'replay', project: 'replay', genesis: 'replay' };
    evolveBatch(this.#board, { at: 0, events: leadEvents(this.#board, identity) });
  }

  /** The next event, in the log's order. */
  take(event: TrackerEvent): void {
    // The board's time never goes back.
    this.#now = Math.max(this.#now, Math.floor(event.at));
    this.#from ??= this.#now;
    const task = taskIdOf(event.task);
    if (task === undefined) this.#badIds += 1;
    else this.#act(event, task);
    this.#book.apply(event);
  }

  result(): ReplayResult {
    const rows = this.#tally.rows(ORDER);
    const sum = (key: 'accepted' | 'repeated' | 'refused') => rows.reduce((all, row) => all + row[key], 0);
    return {
      in_log: this.#tally.inLog,
      actions: rows,
      accepted: sum('accepted'),
      repeated: sum('repeated'),
      refused: sum('refused'),
      reasons: reasonsOf(rows),
      takeovers: this.#takeovers,
      violations: this.#referee.violations,
      not_replayed: this.#notReplayed,
      bad_ids: this.#badIds,
      tasks: this.#board.tasks.size,
      actors: this.#names.size,
      renamed: this.#names.renamed(),
      ...(this.#from === undefined ? {} : { from: this.#from, to: this.#now }),
    };
  }

  #act(event: TrackerEvent, task: string): void {
    const { type } = event;
    if (type === 'task_created') this.#create(event, task);
    else if (type === 'task_started') this.#start(event, task);
    else if (type === 'task_closed') this.#close(event, task);
    else if (type === 'task_status_changed') this.#changeStatus(event, task);
    else if (this.#withLinks && isBlock(type)) this.#block(event, task);
    else if (this.#withLinks && isParent(type)) this.#move(event, task);
    else if (type === 'task_deleted') this.#remove(event, task);
    else this.#notReplayed += 1;
  }

  #create(event: TrackerEvent, id: string): void {
    const { title = id, priority = '', status = 'open' } = event;
    const spec = {
      id,
      title: clip(title, LINE_LIMIT),
      expects: 'none' as const,
      ...(isPriority(priority) ? { priority } : {}),
    };
    const verdict = this.#send(event, { kind: 'add', tasks: [spec] });
    this.#tally.count('create', 'task', verdict);
    if (verdict.kind !== 'accepted' || status === 'open') return;
    // Born in another status.
    const command = commandOfStatus(status, id);
    if (command !== undefined) this.#send(event, command);
  }

  #start(event: TrackerEvent, task: string): void {
    const { conduct, race } = this.#book.start(event);
    const isHeld = conduct === 'held-early' || conduct === 'held-late';
    const { inLog } = this.#tally;
    inLog.starts += 1;
    if (isHeld) inLog.starts_of_held += 1;
    if (conduct === 'held-early') inLog.early_takeovers += 1;
    if (conduct === 'closed') inLog.starts_of_closed += 1;
    if (conduct === 'blocked') inLog.starts_of_blocked += 1;
    if (race) inLog.starts_within_60s += 1;
    const takeover = isHeld && (this.#book.silentMs(event) ?? 0) >= this.#takeoverAfterMs;
    const verdict = this.#send(event, { kind: 'start', task, ...(takeover ? { takeover } : {}) });
    this.#tally.count('start', conduct, verdict);
  }

  #close(event: TrackerEvent, task: string): void {
    const conduct = this.#book.close(event);
    const { inLog } = this.#tally;
    inLog.closes += 1;
    if (conduct === 'again') inLog.closes_again += 1;
    if (conduct === 'foreign') inLog.foreign_closes += 1;
    if (conduct === 'not-started') inLog.closes_not_started += 1;
    this.#tally.count('close', conduct, this.#send(event, { kind: 'close', task, no_change: true }));
  }

  #changeStatus(event: TrackerEvent, task: string): void {
    const { status = '' } = event;
    const command = commandOfStatus(status, task);
    if (command === undefined) {
      this.#tally.count('status', 'other', { kind: 'refused', code: 'unknown-status' });
    } else this.#tally.count('status', status, this.#send(event, command));
  }

  /** In the tracker the event's own task is the one that blocks. */
  #block(event: TrackerEvent, blocker: string): void {
    const task = taskIdOf(event.related ?? '') ?? '';
    const deps = this.#board.tasks.get(task)?.deps ?? [];
    const isAdded = event.type === 'task_blocked';
    const others = deps.filter((dep) => dep !== blocker);
    const patch = { deps: isAdded ? [...others, blocker] : others };
    const isSo = deps.includes(blocker) === isAdded && this.#board.tasks.has(task);
    const verdict: Verdict = isSo ? { kind: 'repeated' } : this.#send(event, { kind: 'edit', task, patch });
    this.#tally.count(isAdded ? 'block' : 'unblock', 'task', verdict);
  }

  #move(event: TrackerEvent, task: string): void {
    const parent = event.type === 'task_parent_set' ? (taskIdOf(event.related ?? '') ?? '') : null;
    const isSo = this.#board.tasks.has(task) && this.#board.tasks.get(task)?.parent === (parent ?? undefined);
    const verdict: Verdict = isSo
      ? { kind: 'repeated' }
      : this.#send(event, { kind: 'edit', task, patch: { parent } });
    this.#tally.count('parent', 'task', verdict);
  }

  /** A task that is gone holds nothing back, in the tracker: here its links are cut before it is cancelled. */
  #remove(event: TrackerEvent, task: string): void {
    for (const id of [...(this.#board.dependents.get(task) ?? [])]) {
      const deps = this.#board.tasks.get(id)?.deps.filter((dep) => dep !== task) ?? [];
      this.#send(event, { kind: 'edit', task: id, patch: { deps } });
    }
    for (const id of [...(this.#board.children.get(task) ?? [])]) {
      this.#send(event, { kind: 'edit', task: id, patch: { parent: null } });
    }
    this.#tally.count('delete', 'task', this.#send(event, { kind: 'cancel', task }));
  }

  #send(event: TrackerEvent, part: Part<Command>): Verdict {
    this.#commands += 1;
    const from = this.#names.agentOf(event.actor);
    const command = { v: 1, id: `replay-${this.#commands}`, ...part } as Command;
    const { events, answer } = applyCommand(this.#board, { from, command }, this.#now);
    this.#referee.see(events, from, this.#book.silentMs(event) ?? Number.POSITIVE_INFINITY);
    if (events.some(isTakeover)) this.#takeovers += 1;
    // No rule asks what runs there were, and the board walks over those that never end whenever it forgets old ones.
    if (this.#board.runs.size >= RUNS_KEPT) this.#board.runs.clear();
    if (answer.status === 'refused') return { kind: 'refused', code: answer.code };
    return { kind: events.length === 0 ? 'repeated' : 'accepted' };
  }
}

/** What brings a task into a status of the tracker; undefined for one of somebody's own making. */
function commandOfStatus(status: string, task: string): Part<Command> | undefined {
  switch (status) {
    case 'open':
      return { kind: 'reopen', task };
    case 'in_progress':
      return { kind: 'start', task };
    case 'closed':
      return { kind: 'close', task, no_change: true };
    case 'blocked':
      return { kind: 'block', task, reason: 'its status was set to blocked' };
    default:
      return undefined;
  }
}

const ORDER: readonly string[] = [
  'create/task',
  ...startConducts.map((conduct) => `start/${conduct}`),
  ...closeConducts.map((conduct) => `close/${conduct}`),
];

const isBlock = (type: TrackerEventType): boolean => type === 'task_blocked' || type === 'task_unblocked';

const isParent = (type: TrackerEventType): boolean =>
  type === 'task_parent_set' || type === 'task_parent_cleared';

const isTakeover = (event: Event): boolean => event.type === 'grant_ended' && event.end.why === 'takeover';

const isPriority = (text: string): text is Priority => /^P[0-4]$/.test(text);
