/**
 * Plain aligned columns, two spaces apart, nothing after the last one. Cells are single lines.
 */
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';

/** A column: its heading, and on which side its cells stand. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** The table as lines with a line break after each; the empty text when there are no rows. */
export function formatTable(
  columns: readonly (Column | string)[],
  rows: readonly (readonly (string | number | undefined)[])[],
  paint: Paint = noPaint,
): string {
  if (rows.length === 0) return '';
  const heads = columns.map((column): Column => (typeof column === 'string' ? { title: column } : column));
  const cells = rows.map((row) => heads.map((_, index) => cellText(row[index])));
  const widths = heads.map((head, index) =>
    Math.max(textWidth(head.title), ...cells.map((row) => textWidth(row[index] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    heads
      .map((head, index) => aligned(row[index] ?? '', widths[index] ?? 0, head.align ?? 'left'))
      .join('  ')
      .trimEnd();
  const title = paint('bold', line(heads.map((head) => head.title)));
  return `${[title, ...cells.map(line)].join('\n')}\n`;
}

/** How many columns of a terminal the text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += isWide(segment.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function cellText(value: string | number | undefined): string {
  const text = singleLine(String(value ?? ''));
  return text === '' ? '-' : text;
}

function aligned(text: string, width: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return side === 'left' ? text + space : space + text;
}

/** East Asian wide characters and emoji. */
function isWide(point: number): boolean {
  return (
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd)
  );
}
