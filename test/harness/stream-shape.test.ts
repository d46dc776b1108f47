import { expect, test } from 'vitest';
import { printedShape, shapeOf } from './stream-shape.ts';

const lines = (...events: object[]): string[] => events.map((event) => JSON.stringify(event));

test('two runs of the same kind have the same shape, whatever they say and however often', () => {
  const one = lines({ type: 'start', id: 'a' }, { type: 'end', used: { input: 1 } });
  const other = lines(
    { type: 'start', id: 'b' },
    { type: 'start', id: 'c' },
    { type: 'end', used: { input: 2 } },
  );
  expect(shapeOf(other)).toEqual(shapeOf(one));
});

test('a key that is new, a key that is gone and another order of types are differences', () => {
  const shape = shapeOf(lines({ type: 'start', id: 'a' }, { type: 'end' }));
  expect(shapeOf(lines({ type: 'start', id: 'a', more: 1 }, { type: 'end' }))).not.toEqual(shape);
  expect(shapeOf(lines({ type: 'start' }, { type: 'end' }))).not.toEqual(shape);
  expect(shapeOf(lines({ type: 'end' }, { type: 'start', id: 'a' }))).not.toEqual(shape);
});

test('types are told apart by what stands inside them', () => {
  const said = lines(
    { type: 'item.completed', item: { type: 'agent_message', text: '' } },
    { type: 'message_end', message: { role: 'user' } },
    { type: 'system', subtype: 'init', tools: [] },
  );
  expect(shapeOf(said).map(([type]) => type)).toEqual([
    'item.completed/agent_message',
    'message_end/user',
    'system/init',
  ]);
});

test('is printed one key a line; what is no JSON is no part of it', () => {
  const printed = ['a warning', '{broken', ...lines({ type: 'end', list: [{ a: 1 }, { b: null }] })];
  expect(printedShape(shapeOf(printed))).toBe('end\n  list[].a\n  list[].b\n  type');
});
