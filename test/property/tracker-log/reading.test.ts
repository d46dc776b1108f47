/**
 * Whatever a log holds: it is read to its end, every line is accounted for, and the board keeps its promises.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check, type TaskSpec } from '../../../schemas/index.ts';
import { findCycle } from '../../../shared/board/graph.ts';
import { LineSplitter } from '../../../shared/harness/line-splitter.ts';
import { isBefore, type TrackerEvent, trackerEventTypes } from '../../../shared/tracker-log/event.ts';
import { readLine } from '../../../shared/tracker-log/line.ts';
import { ActorNames } from '../../../shared/tracker-log/names.ts';
import { LogReading } from '../../../shared/tracker-log/reading.ts';
import { TrackerRecords } from '../../../shared/tracker-log/records.ts';
import { Replay } from '../../../shared/tracker-log/replay.ts';
import { planImport } from '../../../shared/tracker-log/specs.ts';
import { EventWindow } from '../../../shared/tracker-log/window.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const time = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString()),
  fc.constantFrom('2026-02-30T00:00:00Z', '2026-02-09T16:16:05.124376+01:00', '1969-01-01T00:00:00Z'),
  text,
);
const field = fc.oneof(text, fc.constant(null), fc.integer(), fc.jsonValue());
/** An object that is an event or nearly one. */
const nearlyEvent = fc
  .record(
    {
      event_id: fc.oneof({ weight: 9, arbitrary: fc.uuid() }, { weight: 1, arbitrary: field }),
      task_id: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('a', 'B.c', 'é') },
        { weight: 1, arbitrary: field },
      ),
      type: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...trackerEventTypes) },
        { weight: 1, arbitrary: text },
      ),
      timestamp: time,
      actor: field,
      title: field,
      status: field,
      priority: field,
      related_task_id: field,
      ['__proto__']: field,
    },
    { requiredKeys: ['event_id', 'task_id', 'type', 'timestamp'] },
  )
  .map((value) => JSON.stringify(value));
const anyLine = fc.oneof(text, nearlyEvent, fc.json());

const words = ['a', 'b', 'c', 'd'];
/** Events of a small swarm, as reckless as can be. */
const events = fc
  .array(
    fc.record({
      task: fc.constantFrom(...words),
      type: fc.constantFrom(...trackerEventTypes),
      afterMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 90 * 60_000 })),
      actor: fc.constantFrom('x', 'X', 'y', undefined),
      status: fc.constantFrom('open', 'in_progress', 'closed', 'blocked', 'odd'),
      related: fc.constantFrom(...words, 'gone'),
      title: fc.string({ minLength: 1 }),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let at = 1_770_000_000_000;
    return steps.map(({ afterMs, actor, status, ...step }, index): TrackerEvent => {
      at += afterMs;
      const isStatus = step.type === 'task_status_changed' || step.type === 'task_created';
      return {
        ...step,
        id: `e${index}`,
        at,
        ...(actor === undefined ? {} : { actor }),
        ...(isStatus ? { status } : {}),
      };
    });
  });

describe('reading', () => {
  test('any line is an event, nothing, unknown or malformed, and says why', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const read = readLine(line);
        expect(['event', 'blank', 'unknown', 'malformed']).toContain(read.kind);
        if (read.kind === 'malformed') expect(read.fault).toMatch(/^expected /);
        if (read.kind !== 'event') return;
        expect(read.event.at).toBeGreaterThanOrEqual(0);
        expect(trackerEventTypes).toContain(read.event.type);
      }),
      { numRuns: 1000 },
    );
  });

  test('of any bytes every line is counted once', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(anyLine, { maxLength: 10 }).map((lines) => new TextEncoder().encode(lines.join('\n'))),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 50 }), (all, part) => {
        const splitter = new LineSplitter(200);
        const reading = new LogReading();
        let out = 0;
        let blank = 0;
        const feed = (lines: readonly string[]) => {
          for (const line of lines) {
            if (line.trim() === '') blank += 1;
            out += reading.line(line).length;
          }
        };
        for (let from = 0; from < all.length; from += part)
          feed(splitter.push(all.subarray(from, from + part)));
        feed(splitter.end());
        reading.skipped(splitter.skipped);
        out += reading.end().length;
        const { lines, events: count, malformed, too_long, unknown, duplicates } = reading.report();
        const unknowns = Object.values(unknown).reduce((sum, times) => sum + times, 0);
        expect(count).toBe(out);
        expect(lines).toBe(out + duplicates + malformed + too_long + unknowns + blank);
      }),
    );
  });

  test('events come in order and once, as far as the window reaches', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 60 }), (pairs) => {
        const window = new EventWindow({ events: 60, texts: 1000 });
        const all = pairs.map(
          ([at, id]): TrackerEvent => ({ id: `${id}`, task: 'a', type: 'task_commented', at }),
        );
        const out = [...all.flatMap((event) => window.push(event)), ...window.end()];
        expect(out.length).toBe(new Set(pairs.map(([, id]) => id)).size);
        expect(out.length + window.duplicates).toBe(all.length);
        for (const [index, event] of out.entries()) {
          const before = out[index - 1];
          if (before !== undefined) expect(isBefore(event, before)).toBe(false);
        }
        expect(window.late).toBe(0);
      }),
    );
  });

  test('a small window loses nothing and holds no more than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), (times) => {
        const window = new EventWindow({ events: 4, texts: 1000 });
        let held = 0;
        let out = 0;
        for (const [index, at] of times.entries()) {
          const passed = window.push({ id: `${index}`, task: 'a', type: 'task_commented', at }).length;
          out += passed;
          held += 1 - passed;
          expect(held).toBeLessThanOrEqual(4);
        }
        expect(out + window.end().length).toBe(times.length);
      }),
    );
  });
});

test('no two actors become one agent, and each stays who it is', () => {
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 30 }), (actors) => {
      const names = new ActorNames();
      const agents = actors.map((actor) => names.agentOf(actor));
      expect(new Set(agents).size).toBe(actors.length);
      expect(actors.map((actor) => names.agentOf(actor))).toEqual(agents);
      for (const agent of agents) expect(agent).toMatch(/^(?!orchestrator$)[a-z0-9][a-z0-9-]{0,62}$/);
    }),
  );
});

test('whatever a swarm does, the board lets nobody have what another has', () => {
  fc.assert(
    fc.property(events, fc.boolean(), (log, withLinks) => {
      const replay = new Replay({ withLinks });
      for (const event of log) replay.take(event);
      const { violations, accepted, repeated, refused, actions } = replay.result();
      expect(Object.values(violations)).toEqual([0, 0, 0, 0, 0]);
      expect(actions.reduce((sum, { in_log }) => sum + in_log, 0)).toBe(accepted + repeated + refused);
    }),
    { numRuns: 300 },
  );
});

test('what is planned of any log are tasks that the board takes, without a circle', () => {
  fc.assert(
    fc.property(events, (log) => {
      const records = new TrackerRecords();
      for (const event of log) records.apply(event);
      const { tasks } = planImport(records.tasks(), { closedNotBefore: 1, expects: 'none' });
      const specs = new Map<string, TaskSpec>(tasks.map(({ spec }) => [spec.id, spec]));
      const links = (id: string) => {
        const spec = specs.get(id);
        return spec === undefined ? undefined : { deps: spec.deps ?? [], parent: spec.parent };
      };
      for (const [id, spec] of specs) {
        expect(findCycle(id, links)).toBeUndefined();
        for (const other of [...(spec.deps ?? []), spec.parent ?? id]) expect(specs.has(other)).toBe(true);
      }
      if (specs.size === 0) return;
      expect(check('Command', { v: 1, kind: 'add', id: 'x', tasks: [...specs.values()] })).toMatchObject({
        ok: true,
      });
    }),
  );
});
