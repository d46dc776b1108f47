import { describe, expect, it, test } from 'vitest';
import { addressedAgents, addressedWords } from '../../../../services/cli/addressed-words.ts';
import { toldText } from '../../../../services/cli/control-text.ts';

describe('what became of a control message', () => {
  test.each([
    [{ agent: 'w1', status: 'done' }, 'w1: done'],
    [{ agent: 'w1', status: 'done', applied: 'now' }, 'w1: applied now'],
    [{ agent: 'w1', status: 'done', applied: 'next_run' }, 'w1: applied with its next run'],
    [{ agent: 'w1', status: 'done', applied: 'now', tasks: ['a'] }, 'w1: applied now; a goes back'],
    [{ agent: 'w1', status: 'done', tasks: ['a', 'b'] }, 'w1: done; a, b go back'],
    [{ agent: 'w1', status: 'done', applied: 'now', message: 'x\x1b\ny' }, 'w1: applied now: x y'],
    [{ agent: 'w1', status: 'ignored', message: 'it is not paused' }, 'w1: nothing to do: it is not paused'],
    [{ agent: 'w1', status: 'refused' }, 'w1: refused'],
    [
      { agent: 'w1', status: 'absent' },
      'w1 takes no orders: it does not run, or is no worker or committer (`waggle ps`)',
    ],
  ] as const)('%j', (told, text) => {
    expect(toldText(told, 'msg')).toBe(text);
  });

  it('waits for the end of a run where it changes nothing in one', () => {
    const told = { agent: 'w1', status: 'done', applied: 'next_run' } as const;
    expect([toldText(told, 'pause'), toldText(told, 'stop')]).toEqual([
      'w1: applied when its run ends',
      'w1: applied when its run ends',
    ]);
  });
});

describe('the words of a command line', () => {
  const one = { isAll: false, hasText: false };

  it('end with the text', () => {
    expect(addressedWords(['W1', 'w2', 'w1', 'go on'], one)).toEqual({ agents: ['w1', 'w2'], text: 'go on' });
    expect(addressedWords(['go on'], { isAll: true, hasText: false })).toEqual({ agents: [], text: 'go on' });
  });

  it('are all agents when the text comes from elsewhere, or there is only one', () => {
    expect(addressedWords(['w1', 'w2'], { isAll: false, hasText: true })).toEqual({ agents: ['w1', 'w2'] });
    expect(addressedWords(['w1'], one)).toEqual({ agents: ['w1'] });
    expect(addressedWords([], { isAll: true, hasText: false })).toEqual({ agents: [] });
  });

  test.each([
    [[], one, 'or --all'],
    [['w1', 'w2', 'x'], { isAll: true, hasText: false }, 'got both'],
    [['w1'], { isAll: true, hasText: true }, 'got both'],
    [['No Name', 'x'], one, 'no name'],
  ])('%j %j are a mistake that is told', (words, how, message) => {
    expect(() => addressedWords(words, how)).toThrow(message);
  });

  it('name each agent once', () => {
    expect(addressedAgents(['w1', ' w1 ', 'W2'], false)).toEqual(['w1', 'w2']);
  });
});
