import { describe, expect, test } from 'vitest';
import type { HarnessEvent } from '../../../../shared/harness/adapter.ts';
import { adapterOf } from '../../../../shared/harness/adapters.ts';
import { classify } from '../../../../shared/harness/outcome.ts';
import { noSigns, type RunSigns, withEvent } from '../../../../shared/harness/run-signs.ts';
import {
  casesOf,
  type DoubledName,
  RECORDED,
  recordingOf,
} from '../../../support/harness-doubles/doubles.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const names: readonly DoubledName[] = [...RECORDED, 'droid'];

function eventsOf(name: DoubledName, lines: readonly string[], stderr = ''): HarnessEvent[] {
  const reader = adapterOf(name).reader!();
  const plain = stderr.split('\n').flatMap((line) => reader.plain?.(line) ?? []);
  return [...plain, ...lines.flatMap((line) => reader.push(line))];
}
const signsOf = (events: readonly HarnessEvent[]): RunSigns =>
  events.reduce((signs, event) => withEvent(signs, event, NOW), noSigns);

function classOf(name: DoubledName, kase: string) {
  const { lines, stderr, exitCode } = recordingOf(name, kase);
  return classify({
    end: { how: 'exited', exitCode },
    signs: signsOf(eventsOf(name, lines, stderr)),
    lastLines: stderr,
    changed: kase === 'edit' || kase === 'mended',
    expects: 'change',
    harness: name,
    now: NOW,
  });
}

test.each(names)('%s: figures that no date and no sum can bear are no figures of its record', (name) => {
  const wild = ['1e308', '1e300', '-1e300', '1e16', '0.5'];
  for (const kase of casesOf(name)) {
    const { lines, stderr } = recordingOf(name, kase);
    for (const number of wild) {
      const changed = lines.map((line) => line.replace(/(?<=":)-?\d+(\.\d+)?(?=[,}])/g, number));
      const { usage, quota, lastFault } = signsOf(eventsOf(name, [...changed, ...changed], stderr));
      for (const figure of Object.values(usage ?? {})) {
        expect(figure).toBeGreaterThanOrEqual(0);
        expect(figure).toBeLessThan(Number.MAX_SAFE_INTEGER);
      }
      for (const at of [quota?.resets_at ?? 0, lastFault?.resetsAt ?? 0]) {
        expect(new Date(at).toISOString()).toBeTypeOf('string');
      }
    }
  }
});

const recorded = names.flatMap((name) => casesOf(name).map((kase) => [name, kase] as const));
const expected: Readonly<Record<string, string>> = {
  edit: 'completed',
  mended: 'completed',
  question: 'needs_input',
  'rate-limit': 'rate_limited',
  auth: 'auth_failed',
};

describe('what the real programs printed', () => {
  test.each(recorded)('of %s, %s, is classed as it was', (name, kase) => {
    const { outcome, evidence, reason } = classOf(name, kase);
    expect({ outcome, reason }).toMatchObject({ outcome: expected[kase] });
    expect(evidence.length).toBeGreaterThan(0);
    expect(evidence.length).toBeLessThanOrEqual(16);
    expect(reason.length).toBeLessThanOrEqual(1_000);
  });

  test.each(RECORDED)('of %s tells its session, its tool, its last words and its end', (name) => {
    const events = eventsOf(name, recordingOf(name, 'edit').lines);
    expect(events[0]).toMatchObject({ kind: 'session', id: '{session}' });
    const signs = signsOf(events);
    expect(signs).toMatchObject({ tools: 1, finalText: 'All is done.', ended: { isError: false } });
    expect(signs.lastFault).toBeUndefined();
  });

  test.each([
    ['claude', { input_tokens: 2_006, output_tokens: 23, cost_usd: 0.010605 }],
    ['codex', { input_tokens: 2_006, output_tokens: 23 }],
    ['pi', { input_tokens: 2_006, output_tokens: 23 }],
    // Its request for a title came first.
    ['opencode', { input_tokens: 2_012, output_tokens: 25 }],
    ['gemini', { input_tokens: 2_006, output_tokens: 23 }],
  ] as const)('of %s adds up to what its model said of usage', (name, usage) => {
    expect(signsOf(eventsOf(name, recordingOf(name, 'edit').lines)).usage).toMatchObject(usage);
  });

  test.each(RECORDED)('of %s tells that it tries again', (name) => {
    const { lines, stderr } = recordingOf(name, 'rate-limit');
    const limits = eventsOf(name, lines, stderr).filter(({ kind }) => kind === 'rate_limit');
    expect(limits.some((event) => 'willRetry' in event && event.willRetry)).toBe(true);
  });

  test.each(RECORDED)('of %s, in halves, mixed up or as rubbish, throws nothing', (name) => {
    const reader = adapterOf(name).reader!();
    const { lines } = recordingOf(name, 'edit');
    const rubbish = [
      '',
      'null',
      '[]',
      '7',
      '{}',
      '{"type":7}',
      '\u0000',
      '{"type":"assistant"}',
      '{"type":"assistant","message":{"id":"x","content":[null,7,{"type":"text","text":{}}],"usage":{"input_tokens":"a"}}}',
      '{"type":"result","usage":null,"errors":[1]}',
      '{"type":"item.completed","item":null}',
      '{"type":"message_end","message":{"role":"assistant","content":"x"}}',
      '{"type":"error","sessionID":5,"error":"x"}',
      '{"type":"step_finish","part":{"tokens":{"cache":4,"total":-1}}}',
      '{"type":"rate_limit_event","rate_limit_info":"x"}',
    ];
    const halves = lines.flatMap((line) => [line.slice(0, line.length / 2), line.slice(line.length / 2)]);
    for (const line of [...rubbish, ...halves, ...lines.toReversed()]) {
      reader.push(line);
      reader.plain?.(line);
    }
  });
});

describe('Claude Code', () => {
  const read = (...objects: object[]): HarnessEvent[] =>
    eventsOf(
      'claude',
      objects.map((one) => JSON.stringify(one)),
    );

  test('tells how much of a subscription is used, and until when', () => {
    const info = { status: 'allowed_warning', resetsAt: 1_772_400_000, utilization: 0.82 };
    expect(read({ type: 'rate_limit_event', rate_limit_info: info })).toEqual([
      { kind: 'quota', quota: { used: 0.82, resets_at: 1_772_400_000_000 } },
    ]);
  });

  test('tells that a subscription is used up, and when it begins anew', () => {
    const info = { status: 'rejected', resetsAt: 1_772_400_000, rateLimitType: 'five_hour' };
    const events = read({ type: 'rate_limit_event', rate_limit_info: info });
    expect(signsOf(events)).toMatchObject({
      quota: { used: 1, resets_at: 1_772_400_000_000 },
      lastFault: { kind: 'rate_limit', resetsAt: 1_772_400_000_000 },
    });
  });

  test('counts what it read from a cache as read, and a message of several blocks once', () => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 30,
      output_tokens: 4,
    };
    const block = (id: string) => ({
      type: 'assistant',
      message: { id, content: [{ type: 'text', text: 'x' }], usage },
    });
    expect(signsOf(read(block('a'), block('a'), block('b'))).usage).toEqual({
      input_tokens: 120,
      cached_input_tokens: 60,
      output_tokens: 8,
    });
  });

  test('is not ended by what a subagent says', () => {
    const said = (text: string, parent: string | null) => ({
      type: 'assistant',
      parent_tool_use_id: parent,
      message: { content: [{ type: 'text', text }] },
    });
    expect(signsOf(read(said('mine', null), said('Which one?', 'toolu_1'))).texts).toEqual(['mine']);
  });
});

describe('pi', () => {
  test('has not failed when it got over a limit by itself', () => {
    const failed = { role: 'assistant', content: [], stopReason: 'error', errorMessage: '429 {}' };
    const good = { role: 'assistant', content: [{ type: 'text', text: 'done' }], stopReason: 'stop' };
    const lines = [
      { type: 'message_end', message: failed },
      { type: 'agent_end' },
      { type: 'auto_retry_start', errorMessage: '429 {}', delayMs: 2_000 },
      { type: 'message_end', message: good },
      { type: 'agent_end' },
    ].map((line) => JSON.stringify(line));
    const signs = signsOf(eventsOf('pi', lines));
    expect(signs.lastFault).toBeUndefined();
    expect(signs.ended).toEqual({ isError: false });
  });
});

test('opencode takes the end of a limit from the headers of the answer', () => {
  const { lines } = recordingOf('opencode', 'rate-limit');
  expect(eventsOf('opencode', lines)).toContainEqual(
    expect.objectContaining({ kind: 'rate_limit', retryAfterMs: 1_000, willRetry: false }),
  );
});

test('Codex takes the end of a limit from its words', () => {
  const message = "You've hit your usage limit. Upgrade to Pro or try again in 2 hours 5 minutes.";
  const line = JSON.stringify({ type: 'turn.failed', error: { message } });
  expect(eventsOf('codex', [line])[0]).toMatchObject({ kind: 'rate_limit', retryAfterMs: 7_500_000 });
});
