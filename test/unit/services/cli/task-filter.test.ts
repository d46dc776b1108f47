import { describe, expect, it } from 'vitest';
import {
  addListTo,
  addTo,
  isWanted,
  priorityWord,
  statesWord,
  wantedStates,
} from '../../../../services/cli/task-filter.ts';
import { viewOf } from './task-view.ts';

describe('the states of a listing', () => {
  it("are the tracker's words or ours: in_progress is three of ours", () => {
    expect(statesWord('open, in_progress')).toEqual(['open', 'claimed', 'submitted', 'committing']);
    expect(statesWord('IN-PROGRESS', ['claimed', 'closed'])).toEqual([
      'claimed',
      'closed',
      'submitted',
      'committing',
    ]);
  });

  it('that nobody knows are refused, with the nearest known one', () => {
    expect(() => statesWord('open,clsoed')).toThrow('no state is called `clsoed`; did you mean `closed`?');
    expect(() => statesWord('constructor')).toThrow('no state is called');
    expect(() => statesWord(' , ')).toThrow('at least one state');
  });

  it('of --status and --state together are those in both; of neither all', () => {
    expect(wantedStates({})).toBeUndefined();
    expect(wantedStates({ status: ['open'] })).toEqual(['open']);
    expect(wantedStates({ status: ['claimed', 'submitted'], state: ['submitted', 'open'] })).toEqual([
      'submitted',
    ]);
  });
});

describe('a filter', () => {
  it('reads priorities in any case, and says what it expected', () => {
    expect(priorityWord('p0,1')).toEqual(['P0', 'P1']);
    expect(() => priorityWord('P9')).toThrow('expected one of P0…P4, got `P9`');
  });

  it('wants all labels, the lane and one of the priorities', () => {
    const view = viewOf({ labels: ['a', 'b'], lane: 'main', priority: 'P1' });
    expect(isWanted(view, { label: [] })).toBe(true);
    expect(isWanted(view, { label: ['a', 'b'], lane: 'main', priority: ['P0', 'P1'] })).toBe(true);
    expect(isWanted(view, { label: ['a', 'c'] })).toBe(false);
    expect(isWanted(view, { label: [], lane: 'docs' })).toBe(false);
    expect(isWanted(view, { label: [], priority: ['P0'] })).toBe(false);
  });

  it('collects repeated options, some of them by commas too', () => {
    expect(addTo('a,b', ['x'])).toEqual(['x', 'a,b']);
    expect(addListTo('a, b,', ['x'])).toEqual(['x', 'a', 'b']);
  });
});
