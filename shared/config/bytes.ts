/**
 * Sizes as people write them (`512`, `64KiB`, `20MiB`, `1GiB`) and as the code uses them (bytes).
 */

const unitBytes = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** How a size is described to somebody who wrote something else. */
export const SIZE_EXPECTED = 'a size such as 512, 64KiB, 20MiB or 1GiB';

/** Bytes, or undefined when `text` is no size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+)(KiB|MiB|GiB)?$/.exec(text);
  if (match === null) return undefined;
  const bytes =
    Number(match[1]) * (match[2] === undefined ? 1 : unitBytes[match[2] as keyof typeof unitBytes]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** For people: at most one decimal (`64 KiB`, `1.5 MiB`, `812 bytes`); rounded up, so that too much looks so. */
export function formatBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes >= unitBytes[unit]) return `${Math.ceil((bytes / unitBytes[unit]) * 10) / 10} ${unit}`;
  }
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}
