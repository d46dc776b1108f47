import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LEDGER_TAIL, ledgerTail } from '../../../../shared/ledger/tail.ts';

const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at + 1}`);

test('short output is kept as it is, without the blank lines around it', () => {
  expect(ledgerTail('\n  \n  one\n\ntwo  \n\n')).toBe('  one\n\ntwo');
  expect(ledgerTail('')).toBe('');
  expect(ledgerTail(' \n\t\n')).toBe('');
});

test('60 lines are kept whole, and of 61 the last 60 behind a line that says so', () => {
  expect(ledgerTail(`${lines(60).join('\n')}\n`)).toBe(lines(60).join('\n'));
  expect(ledgerTail(lines(61).join('\n'))).toBe(
    ['[1 earlier line of output (6 bytes) left out]', ...lines(61).slice(1)].join('\n'),
  );
  expect(ledgerTail(lines(100).join('\n')).split('\n')[0]).toBe(
    '[40 earlier lines of output (310 bytes) left out]',
  );
});

test('lines that together are too long give way from the first on', () => {
  const output = Array<string>(40).fill('x'.repeat(999)).join('\n');
  const [note, ...kept] = ledgerTail(output).split('\n');
  expect(note).toBe('[24 earlier lines of output (23999 bytes) left out]');
  expect(kept).toEqual(Array<string>(16).fill('x'.repeat(999)));
});

test('a long line loses its middle and says how much', () => {
  const text = ledgerTail(`before\n${'a'.repeat(5_000)}${'z'.repeat(5_000)}\nafter`);
  const [before, long = '', after] = text.split('\n');
  expect([before, after]).toEqual(['before', 'after']);
  const [, head = '', missing, tail = ''] = /^(a+)…\[(\d+) bytes left out\]…(z+)$/.exec(long)!;
  expect(head.length + Number(missing) + tail.length).toBe(10_000);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(LEDGER_TAIL.lineBytes);
});

test('neither end of a cut line shows half a code point', () => {
  for (let shift = 0; shift < 4; shift++) {
    const text = ledgerTail(`${'x'.repeat(shift)}${'😀é€'.repeat(1_000)}`);
    expect(text).toContain('bytes left out');
    expect(text).not.toContain('\ufffd');
  }
});

test('a secret that a cut would split does not show', () => {
  const secret = `ghp_${'Ab1'.repeat(20)}`;
  for (let shift = 900; shift < 1_100; shift += 7) {
    const text = ledgerTail(`${'x'.repeat(shift)} ${secret} ${'y '.repeat(2_000)}`);
    expect(text).not.toMatch(/ghp_|Ab1/);
  }
  const key = [
    '-----BEGIN PRIVATE KEY-----',
    ...Array<string>(80).fill('MIIEvQ'.repeat(10)),
    '-----END PRIVATE KEY-----',
  ];
  expect(ledgerTail([...key, 'done'].join('\n'))).toBe('[REDACTED]\ndone');
});

test('a secret hidden by colours does not show', () => {
  expect(ledgerTail('\x1b[1mtoken\x1b[0m: \x1b[32mabc\x1b[0m123def')).toBe('token: [REDACTED]');
});

test('whatever comes: bounded in lines and bytes, whole code points, the end last', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.constantFrom('\n', 'é€😀', '`', 'x'.repeat(3_000), 'jo@example.com '),
  );
  const limits = fc.record({
    lines: fc.integer({ min: 1, max: 20 }),
    bytes: fc.integer({ min: 256, max: 4_096 }),
    lineBytes: fc.integer({ min: 128, max: 4_096 }),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), limits, (pieces, bounds) => {
      const text = ledgerTail(`${pieces.join('')}\nthe end`, bounds);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bounds.bytes);
      expect(text.split('\n').length).toBeLessThanOrEqual(bounds.lines + 1);
      expect(Buffer.from(text).toString()).toBe(text);
      expect(text.endsWith('the end')).toBe(true);
      expect(text).not.toContain('jo@example.com ');
    }),
    { numRuns: 60 },
  );
});
