import fc from 'fast-check';
import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { check, type Event, type SnapshotPart } from '../../../schemas/index.ts';
import { fromImage, imageOf, partsOf, toImage } from '../../../shared/board/snapshot.ts';
import { type Board, observable } from '../../../shared/board/state.ts';
import { config, createDriver, type Driver } from '../../unit/shared/board/board-driver.ts';
import { expectSound } from './rules.ts';
import { history, type Step } from './step-kinds.ts';
import { inputOf, type Past, send } from './steps.ts';

const setUp = (): Driver => {
  const driver = createDriver({
    lanes: { ...config.lanes, docs: { home: '/docs', base: 'main', branch: 'waggle/docs', gates: [] } },
    gates: { 'VG-1': { name: 'VG-1', run: 'true', timeout_ms: 1 } },
    profiles: { big: { max_concurrency: 1 }, p1: {}, small: { weight: 0.5, max_concurrency: 2 } },
    pools: { main: { strategy: 'weighted', profiles: ['p1', 'small', 'big'] } },
    policies: { ...config.policies, max_grants: 4, max_heavy: 1, weights: { ui: 1, db: 3 } },
  });
  driver.openLane('docs');
  return driver;
};

/** The board as a start finds it on the bus: through parts that are valid there, encoded one by one. */
function stored(board: Board, at: number): Board {
  const parts = [...partsOf(toImage(board))].map((part) => unpack(pack(part)) as SnapshotPart);
  for (const part of parts) expect(check('Snapshot', part)).toMatchObject({ ok: true });
  const image = imageOf(parts);
  if (image === undefined) throw new Error('the parts make no image');
  return fromImage(image, at);
}

function take(driver: Driver, past: Past, step: Step): void {
  if (step.do === 'wait') driver.now += step.ms;
  if (step.do === 'lead') driver.replaceLeader(step.codec);
  const at = inputOf(driver, past, step);
  if (at === undefined) return;
  const { events, answer } = send(driver, at);
  for (const event of events as readonly Event[]) {
    if (event.type !== 'granted') continue;
    const { fence, run, agent } = event.grant;
    past.grants.push({ task: event.task, fence, run, agent });
  }
  past.sent.push({ at, answer, hadEffect: events.length > 0 });
}

describe('a board restored from its snapshot', () => {
  it('looks and goes on as the one it was taken from, wherever in a history that is', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 9 }), (steps, every) => {
        const [one, other] = [setUp(), setUp()];
        const [past, otherPast]: Past[] = [1, 2].map(() => ({ sent: [], grants: [], ids: 1000, tips: 0 }));
        for (const [n, step] of steps.entries()) {
          take(one, past!, step);
          take(other, otherPast!, step);
          if (n % every === 0) {
            other.board = stored(other.board, other.batches.at(-1)?.at ?? 0);
            expectSound(other.board, other.now);
          }
          expect(observable(other.board)).toEqual(observable(one.board));
        }
        expect(other.events()).toEqual(one.events());
        expect(otherPast!.sent).toEqual(past!.sent);
      }),
      { numRuns: 100 },
    );
  });

  it('stays as it is while the board it was taken from goes on', () => {
    fc.assert(
      fc.property(history, history, (before, after) => {
        const driver = setUp();
        const past: Past = { sent: [], grants: [], ids: 1000, tips: 0 };
        for (const step of before) take(driver, past, step);
        const image = toImage(driver.board);
        const at = driver.now;
        const then = structuredClone(observable(driver.board));
        for (const step of after) take(driver, past, step);
        expect(observable(fromImage(image, at))).toEqual(then);
      }),
      { numRuns: 30 },
    );
  });

  it('is refused when a part is missing, doubled or out of place', () => {
    const driver = setUp();
    driver.add({ id: 'a' }, { id: 'b' });
    const parts = [...partsOf(toImage(driver.board))];
    expect(parts.map(({ kind }) => kind)).toEqual(['head', 'tasks', 'answers']);
    expect(imageOf(parts)).toBeDefined();
    expect(imageOf([])).toBeUndefined();
    expect(imageOf(parts.slice(1))).toBeUndefined();
    expect(imageOf(parts.slice(0, -1))).toBeUndefined();
    expect(imageOf([...parts, parts[1]!])).toBeUndefined();
    expect(imageOf([...parts, parts[0]!])).toBeUndefined();
  });
});
