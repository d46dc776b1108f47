/**
 * What runs used, and how much of the budgets that is, as tables and for machines. Pure.
 */
import type { BudgetMark, Usage, UsageRow } from '../../schemas/index.ts';
import type { WholeUsage } from './board-usage.ts';
import { type Colour, noPaint, type Paint } from './paint.ts';
import { formatTable } from './table.ts';
import { amountText, costText, shareText, tokenText, workTime } from './usage-words.ts';

const right = (title: string) => ({ title, align: 'right' as const });

/** The rows, their total, and the budgets. `by`: what a row is of. */
export function usageText({ rows, total, budgets }: WholeUsage, by: string, paint: Paint = noPaint): string {
  const heads = [
    by.toUpperCase(),
    right('RUNS'),
    right('TOKENS IN'),
    right('CACHED'),
    right('TOKENS OUT'),
    right('COST'),
    right('TIME'),
  ];
  const lines = [...rows, { ...total, key: 'total' }].map(({ key, runs, usage }) => [
    key,
    runs,
    ...usageCells(usage),
  ]);
  const used = rows.length === 0 ? 'nothing was used yet\n' : formatTable(heads, lines, paint);
  return [used, budgetTable(budgets, paint)].filter((part) => part !== '').join('\n');
}

function usageCells(usage: Usage): (string | undefined)[] {
  const { input_tokens, cached_input_tokens, output_tokens, cost_usd, duration_ms } = usage;
  return [
    ...[input_tokens, cached_input_tokens, output_tokens].map((tokens) =>
      tokens === undefined ? undefined : tokenText(tokens),
    ),
    cost_usd === undefined ? undefined : costText(cost_usd),
    duration_ms === undefined ? undefined : workTime(duration_ms),
  ];
}

const colours: Readonly<Record<NonNullable<BudgetMark['level']>, Colour>> = {
  warn: 'yellow',
  pause: 'red',
  stop: 'red',
};

/** A line a budget: how much of it is used, and what follows from that; the empty text when there are none. */
export function budgetTable(budgets: readonly BudgetMark[], paint: Paint = noPaint): string {
  const rows = budgets.map((mark) => {
    const { scope, name, what, used, limit, day, level } = mark;
    return [
      scope === name ? scope : `${scope} ${name}`,
      amountText(what, used),
      amountText(what, limit),
      shareText(mark),
      day ?? 'all',
      level ?? 'ok',
    ];
  });
  const columns = ['BUDGET', right('USED'), right('OF'), right('SHARE'), 'DAY', 'LEVEL'];
  const reached = budgets.flatMap(({ level, scope, name }) =>
    level === undefined
      ? []
      : [
          `${paint(colours[level], level)}: the budget of ${scope === name ? `the ${scope}` : `${scope} ${name}`} ${meanings[level]}\n`,
        ],
  );
  return formatTable(columns, rows, paint) + reached.join('');
}

const meanings: Readonly<Record<NonNullable<BudgetMark['level']>, string>> = {
  warn: 'is used to 80 % and more',
  pause: 'is used to 95 % and more: nothing new is granted',
  stop: 'is used up: its runs are ended',
};

/** For machines. */
export function usageRecord({ rows, total, budgets }: WholeUsage, by: string): object {
  const record = ({ key, runs, usage }: UsageRow) => ({ key, runs, ...usage });
  const { key: _, ...all } = record(total);
  return { by, rows: rows.map(record), total: all, budgets: budgets.map(budgetRecord) };
}

/** With its share: 1 is all of it. */
export function budgetRecord(mark: BudgetMark): object {
  return { ...mark, share: Math.round((mark.used / mark.limit) * 10_000) / 10_000 };
}
