import { expect, test } from 'vitest';
import type { QueryAnswer } from '../../../../schemas/index.ts';
import { answerQuery, type BoardQuery } from '../../../../services/orchestrator/queries.ts';
import { evolve } from '../../../../shared/board/evolve.ts';
import { createBoard } from '../../../../shared/board/state.ts';
import { encode } from '../../../../shared/bus/codec.ts';

const AT = 1_800_000_000_000;
const MESSAGE_BYTES = 1_000_000;
const context = { journalSeq: 1, startedAt: AT, waiting: { task: 0, commit: 0 }, refused: {}, mailSeq: 0 };

test('people are listed by name, in pages that fit a message however much they say of themselves', () => {
  const board = createBoard();
  const names = Array.from({ length: 300 }, (_, n) => `p${String(n).padStart(3, '0')}`);
  const long = '\u4e16'.repeat(1_000);
  for (const agent of names.toReversed()) {
    evolve(board, { type: 'registered', agent, identity: long, host: long }, AT);
    evolve(board, { type: 'status_set', agent, text: long }, AT);
  }
  const seen = pages<string, string>(
    board,
    (after) => ({ v: 1, kind: 'people', ...(after === undefined ? {} : { after }) }),
    {
      next: (answer) => (answer.kind === 'people' ? answer.next : undefined),
      of: (answer) => (answer.kind === 'people' ? answer.people.map(({ name }) => name) : []),
    },
  );
  expect(seen).toEqual(names);
});

test('letters are listed by sequence, in pages that say how many there are in all', () => {
  const board = createBoard();
  for (let seq = 2_500; seq >= 1; seq -= 1) {
    const letter = {
      seq,
      at: AT,
      from: 'a'.repeat(63),
      to: { kind: 'agent', name: 'b'.repeat(63) },
    } as const;
    evolve(
      board,
      { type: 'letter_posted', letter: { ...letter, state: 'waiting', since: AT, ack_by: AT } },
      AT,
    );
  }
  const seen = pages<number, number>(
    board,
    (after) => ({ v: 1, kind: 'letters', ...(after === undefined ? {} : { after }) }),
    {
      next: (answer) => (answer.kind === 'letters' ? answer.next : undefined),
      of: (answer) => {
        expect(answer).toMatchObject({ total: 2_500 });
        return answer.kind === 'letters' ? answer.letters.map(({ seq }) => seq) : [];
      },
    },
  );
  expect(seen).toEqual(Array.from({ length: 2_500 }, (_, n) => n + 1));
});

/** Everything that the pages of a query hold; each of them fits a message. */
function pages<K, T>(
  board: ReturnType<typeof createBoard>,
  query: (after: K | undefined) => BoardQuery,
  { next, of }: { next: (answer: QueryAnswer) => K | undefined; of: (answer: QueryAnswer) => readonly T[] },
): T[] {
  const all: T[] = [];
  let after: K | undefined;
  do {
    const answer = answerQuery(board, query(after), context, AT);
    expect(encode('QueryAnswer', answer).payload.byteLength).toBeLessThan(MESSAGE_BYTES);
    all.push(...of(answer));
    after = next(answer);
  } while (after !== undefined);
  return all;
}
