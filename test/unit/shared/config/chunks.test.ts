import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inChunks } from '../../../../shared/config/chunks.ts';

describe('chunks', () => {
  it('keep every entry in order, none empty, each within both limits unless it is a single entry', () => {
    const entries = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        entries,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 80 }),
        (all, maxTasks, maxBytes) => {
          const chunks = inChunks(all, { maxTasks, maxBytes });
          expect(chunks.flat()).toEqual(all);
          for (const chunk of chunks) {
            expect(chunk.length).toBeGreaterThan(0);
            expect(chunk.length).toBeLessThanOrEqual(maxTasks);
            // A JSON list has one comma less than entries, and two brackets.
            const bytes = Buffer.byteLength(JSON.stringify(chunk)) - 1;
            expect(bytes <= maxBytes || chunk.length === 1).toBe(true);
          }
        },
      ),
    );
  });

  it('are as few as order and limits allow', () => {
    expect(inChunks([1, 2, 3, 4, 5], { maxTasks: 2, maxBytes: 100 })).toEqual([[1, 2], [3, 4], [5]]);
    expect(inChunks(Array(401).fill({ id: 'a' })).map((chunk) => chunk.length)).toEqual([200, 200, 1]);
    expect(inChunks(Array(3).fill('x'.repeat(300_000))).map((chunk) => chunk.length)).toEqual([1, 1, 1]);
    expect(inChunks([])).toEqual([]);
  });
});
