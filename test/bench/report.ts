/**
 * Benchmarks as text for people: what it ran on, a table for each scenario, and what the figures leave out.
 */
import type { Figure, Scenario } from './figures.ts';
import type { Machine } from './machine.ts';

export interface Result {
  readonly scenario: Scenario;
  readonly figures: readonly Figure[];
  readonly notMeasured: readonly string[];
  readonly tookMs: number;
}

export function machineText(machine: Machine): string {
  const { system, cpu, cores, memoryGib, load, node, natsServer } = machine;
  return [
    `${cores} × ${cpu}, ${memoryGib} GiB, ${system}; load ${load.toFixed(2)} at the start`,
    `Node ${node}, nats-server ${natsServer}`,
    'Compare figures of one run only: ratios travel between machines, times do not.',
    '',
  ].join('\n');
}

export function resultText({ scenario, figures, notMeasured, tookMs }: Result): string {
  const seconds = (tookMs / 1_000).toFixed(1);
  const missing = notMeasured.map((line) => `  not measured: ${line}`);
  return [`\n${scenario.name}: ${scenario.title} (${seconds} s)`, ...tableOf(figures), ...missing, ''].join(
    '\n',
  );
}

function tableOf(figures: readonly Figure[]): string[] {
  const columns = [...new Set(figures.map(({ column }) => column))];
  const rows = [...new Set(figures.map(({ row }) => row))];
  const cells = [
    ['', ...columns],
    ...rows.map((row) => [
      row,
      ...columns.map((column) => {
        const figure = figures.find((one) => one.row === row && one.column === column);
        return figure === undefined ? '' : shown(figure);
      }),
    ]),
  ];
  const widths = ['', ...columns].map((_, index) =>
    Math.max(...cells.map((line) => line[index]?.length ?? 0)),
  );
  return cells.map((line) =>
    `  ${line.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  ')}`.trimEnd(),
  );
}

/** Three digits that count. */
function shown({ value, unit }: Figure): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const fraction = Number.isInteger(value) ? 0 : digits;
  const text = value.toLocaleString('en', {
    minimumFractionDigits: fraction,
    maximumFractionDigits: fraction,
  });
  return unit === '' ? text : unit === '/s' ? `${text}/s` : `${text} ${unit}`;
}
