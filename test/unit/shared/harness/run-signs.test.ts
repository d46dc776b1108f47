import { expect, test } from 'vitest';
import type { HarnessEvent } from '../../../../shared/harness/adapter.ts';
import {
  beforeNextProcess,
  noSigns,
  type RunSigns,
  withEvent,
} from '../../../../shared/harness/run-signs.ts';

const NOW = 1_000_000;
const fold = (events: readonly HarnessEvent[], from: RunSigns = noSigns): RunSigns =>
  events.reduce((signs, event) => withEvent(signs, event, NOW), from);
const retrying: HarnessEvent = { kind: 'rate_limit', message: '429', willRetry: true, retryAfterMs: 5_000 };
const gaveUp: HarnessEvent = { kind: 'rate_limit', message: '429', willRetry: false };
const text = (words: string): HarnessEvent => ({ kind: 'text', text: words });

test('any event is a sign of life', () => {
  expect(noSigns.started).toBe(false);
  expect(fold([{ kind: 'session' }])).toMatchObject({ started: true });
});

test('the name of the conversation and of the model stay, whichever comes later', () => {
  expect(
    fold([
      { kind: 'session', id: 's-1' },
      { kind: 'session', model: 'm' },
    ]),
  ).toMatchObject({
    session: 's-1',
    model: 'm',
  });
});

test('a fault that was only tried again is over with the next word or tool', () => {
  expect(fold([retrying]).lastFault).toMatchObject({ kind: 'rate_limit', resetsAt: NOW + 5_000 });
  expect(fold([retrying, text('on')]).lastFault).toBeUndefined();
  expect(fold([retrying, { kind: 'tool', name: 'edit' }]).lastFault).toBeUndefined();
});

test('a fault that it gave up on stays, unless its turn ends well', () => {
  expect(fold([gaveUp, text('API Error')]).lastFault).toBeDefined();
  expect(fold([gaveUp, { kind: 'end', isError: true }]).lastFault).toBeDefined();
  expect(fold([gaveUp, { kind: 'end', isError: false }]).lastFault).toBeUndefined();
});

test('the end of a turn is none when it goes on after it', () => {
  const end: HarnessEvent = { kind: 'end', isError: false };
  expect(fold([text('done'), end]).ended).toEqual({ isError: false });
  expect(fold([end, text('on')]).ended).toBeUndefined();
  expect(fold([end, { kind: 'tool', name: 'edit' }]).ended).toBeUndefined();
});

test('a retry that is read after the good end of its turn tells nothing', () => {
  expect(fold([text('done'), { kind: 'end', isError: false }, retrying]).lastFault).toBeUndefined();
});

test('a plain error after a telling fault is its end, not another fault', () => {
  const failed: HarnessEvent = { kind: 'error', message: 'turn failed', willRetry: false };
  expect(fold([retrying, failed]).lastFault).toEqual({
    kind: 'rate_limit',
    message: '429',
    willRetry: false,
    retryAfterMs: 5_000,
    resetsAt: NOW + 5_000,
  });
});

test('the end of a limit that was told once is kept when it is told of again without one', () => {
  expect(fold([retrying, gaveUp]).lastFault).toMatchObject({ willRetry: false, resetsAt: NOW + 5_000 });
});

test('its last message is the last word, unless it did something after it', () => {
  expect(fold([text('a'), text('b')]).finalText).toBe('b');
  expect(fold([text('Shall I?'), { kind: 'tool', name: 'edit' }]).finalText).toBeUndefined();
  expect(fold([text('a'), { kind: 'end', isError: false, text: 'the end' }]).finalText).toBe('the end');
});

test('usage is the last word of each process, and processes add up', () => {
  const first = fold([
    { kind: 'usage', usage: { input_tokens: 10, output_tokens: 1 } },
    { kind: 'usage', usage: { input_tokens: 30, output_tokens: 2, cost_usd: 0.5 } },
  ]);
  expect(first.usage).toEqual({ input_tokens: 30, output_tokens: 2, cost_usd: 0.5 });
  const next = beforeNextProcess(first);
  expect(next).toMatchObject({ started: false, usage: { input_tokens: 30 } });
  expect(fold([{ kind: 'usage', usage: { input_tokens: 5, cost_usd: 0.25 } }], next).usage).toEqual({
    input_tokens: 35,
    output_tokens: 2,
    cost_usd: 0.75,
  });
});

test('what only a process can say is forgotten before the next one', () => {
  const over = fold([{ kind: 'session', id: 's-1' }, gaveUp, text('x'), { kind: 'end', isError: true }]);
  const next = beforeNextProcess(over);
  expect(next).toMatchObject({ session: 's-1', texts: ['x'] });
  expect([next.ended, next.lastFault, next.finalText]).toEqual([undefined, undefined, undefined]);
});

test('it stays small, however much is said', () => {
  const flood = Array.from({ length: 1_000 }, (_, n) => text(`${n} ${'x'.repeat(100_000)}`));
  expect(JSON.stringify(fold(flood)).length).toBeLessThan(200_000);
});
