import { describe, expect, it } from 'vitest';
import { formatBytes, parseBytes } from '../../../../shared/config/bytes.ts';

describe('sizes', () => {
  it('reads plain numbers and binary units', () => {
    expect(['512', '64KiB', '20MiB', '1GiB'].map(parseBytes)).toEqual([
      512, 65_536, 20_971_520, 1_073_741_824,
    ]);
  });

  it('refuses anything else', () => {
    expect(['', '1.5MiB', '10MB', '-1', '99999999999GiB'].map(parseBytes)).toEqual(Array(5).fill(undefined));
  });

  it('writes at most one decimal, rounded up', () => {
    expect([0, 1, 1023, 1024, 65_537, 1_572_864].map(formatBytes)).toEqual([
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1 KiB',
      '64.1 KiB',
      '1.5 MiB',
    ]);
  });
});
