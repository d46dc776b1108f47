/**
 * A board in memory with many open tasks, driven as a leader drives it, without journal or bus.
 */
import type { Claim, Event } from '../../schemas/index.ts';
import { applyClaim, applyCommand, applyReport } from '../../shared/board/decide.ts';
import { evolve } from '../../shared/board/evolve.ts';
import { leadEvents } from '../../shared/board/lead.ts';
import { type Board, createBoard } from '../../shared/board/state.ts';
import { anyone, place } from '../support/orchestrator.ts';
import { doneReport } from './done-report.ts';
import { plainTask } from './hives.ts';

const NOW = 1_800_000_000_000;
const ADD_AT_ONCE = 10_000;

export interface OpenBoard {
  readonly board: Board;
  /** One claim; its grant's events. */
  claim(): Event[];
  /** Reports the last grant done and adds one task, so that as many are open as before. */
  renew(): void;
}

/** A board with `tasks` open tasks. */
export function openBoard(tasks: number): OpenBoard {
  const board = createBoard();
  for (const event of leadEvents(board, { leader: 'l', project: 'bench', genesis: 'g' }))
    evolve(board, event, NOW);
  let added = 0;
  let number = 0;
  let fence = 0;
  const add = (count: number) => {
    const specs = Array.from({ length: count }, (_, index) => plainTask(`t${added + index}`));
    added += count;
    const command = { v: 1 as const, kind: 'add' as const, id: `a${added}`, tasks: specs };
    const { answer } = applyCommand(board, { from: 'operator', command }, NOW);
    if (answer.status !== 'ok') throw new Error(answer.message);
  };
  for (let left = tasks; left > 0; left -= ADD_AT_ONCE) add(Math.min(left, ADD_AT_ONCE));
  return {
    board,
    claim() {
      number += 1;
      const { events, answer } = applyClaim(board, { from: 'w', claim: claimOf(number), silentMs: 0 }, NOW);
      if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${answer.kind}`);
      fence = answer.fence;
      return events;
    },
    renew() {
      const task = board.grants.get(fence) ?? '';
      const run = board.tasks.get(task)?.grant?.run ?? '';
      const { answer } = applyReport(board, { from: 'w', report: doneReport({ task, fence, run }) }, NOW);
      if (answer.status === 'refused') throw new Error(answer.message);
      add(1);
    },
  };
}

/** A worker's claim without a report. */
export const claimOf = (number: number): Claim => ({
  v: 1,
  kind: 'claim',
  work: 'task',
  incarnation: '1-w',
  slot: 0,
  number,
  holds: [],
  capabilities: anyone,
  place,
  wait_ms: 20_000,
});
