/**
 * A writer of the orchestrator over a journal in memory whose acks the test gives.
 */
import { afterEach } from 'vitest';
import type { Batch, CommandAnswer } from '../../schemas/index.ts';
import { BatchStore } from '../../services/orchestrator/batch-store.ts';
import { LifeSigns } from '../../services/orchestrator/life-signs.ts';
import { Sightings } from '../../services/orchestrator/sightings.ts';
import { Writer } from '../../services/orchestrator/writer.ts';
import { leadEvents } from '../../shared/board/lead.ts';
import { createBoard } from '../../shared/board/state.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import { systemClock } from '../../shared/clock.ts';
import { WaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { plain } from './asking.ts';

class HeldJournal implements Pick<Journal, 'append'> {
  readonly batches: Batch[] = [];
  #held: { batch: Batch; resolve: (seq: number) => void; reject: (error: Error) => void } | undefined;
  isHolding = false;

  append(batch: Batch): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#held = { batch, resolve, reject };
      if (!this.isHolding) this.ack();
    });
  }
  waits(): boolean {
    return this.#held !== undefined;
  }
  ack(): void {
    const held = this.#held;
    if (held === undefined) throw new Error('nothing to ack');
    this.#held = undefined;
    this.batches.push(held.batch);
    held.resolve(this.batches.length);
  }
  refuse(): void {
    this.#held?.reject(new WaggleError('journal-refused', { seq: 1 }));
  }
}

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

/** A writer that leads an empty board; it ends with its test. */
export function start(maxPayloadBytes = 1_000_000, clock = systemClock) {
  const journal = new HeldJournal();
  const board = createBoard();
  const end = new AbortController();
  ends.push(end);
  const position = { seq: 0, batch: undefined, at: 0, mail: { seq: 0 } };
  const store = new BatchStore({
    board,
    position,
    journal,
    randomId,
    maxPayloadBytes,
    streams: {},
    lastMail: () => undefined,
    onBatch: () => {},
  });
  const signs = new LifeSigns(systemClock);
  const sightings = new Sightings(clock);
  const options = { board, position, store, signs, sightings, clock, log: silentLog, maxPayloadBytes };
  const writer = new Writer(options);
  const first = leadEvents(board, { leader: 'l', project: 'p', genesis: 'g' });
  const over = writer.run(first, () => {}, end.signal);
  over.catch(() => undefined);
  return { journal, writer, board, sightings, over };
}

export const addTo = (writer: Writer, id: string, body = '') =>
  new Promise<CommandAnswer>((resolve) => {
    const tasks = [plain(id, body === '' ? {} : { body })];
    writer.command('ada', { v: 1, kind: 'add', id: `add-${id}`, tasks }, resolve);
  });
