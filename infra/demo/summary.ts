/**
 * The demo's last words: a summary for people and one line of JSON for machines. Pure.
 */
import { seconds } from './progress-view.ts';

export interface DemoResult {
  readonly tasks: number;
  readonly closed: number;
  readonly commits: number;
  readonly takeovers: number;
  readonly orchestrator_failovers: number;
  readonly double_owners: number;
  readonly lost: number;
  readonly elapsed_ms: number;
  readonly repo: string;
}

export interface SummaryOptions {
  readonly result: DemoResult;
  readonly problems: readonly string[];
  readonly workers: number;
  /** How long tasks were being worked on. */
  readonly busyMs: number;
  readonly branch: string;
  /** Whether the repository is the user's. */
  readonly isForeign: boolean;
  /** Absent when the temporary folder is removed. */
  readonly kept?: string;
}

const SHOWN = 20;

/** Several lines, ending in a newline. */
export function summaryText(options: SummaryOptions): string {
  const { result, problems, workers, busyMs, branch } = options;
  const { tasks, closed, commits, elapsed_ms } = result;
  const rate = busyMs === 0 ? '' : `, ${(commits / (busyMs / 1000)).toFixed(1)} commits a second`;
  const lines = [
    '',
    `${closed} of ${tasks} tasks closed, ${counted(commits, 'commit')} by ${counted(workers, 'worker')} in ${seconds(busyMs)}${rate}; ${seconds(elapsed_ms)} in all.`,
    ...survived(result),
    ...(problems.length === 0 ? checked : failed(problems)),
    '',
    ...whereToLook(options, branch),
  ];
  return `${lines.join('\n')}\n`;
}

const survived = ({ takeovers, orchestrator_failovers: failovers }: DemoResult): string[] =>
  takeovers + failovers === 0
    ? []
    : [
        `Survived: ${counted(takeovers, 'takeover')} of a task, ${counted(failovers, 'failover')} of the orchestrator.`,
      ];

const checked = [
  'Checked, from the repository and its journal alone:',
  '  every task is closed and has exactly one commit, with the trailers of its grants',
  '  every commit parses and holds, byte for byte, what the tool makes of the original',
  '  no task ever had two owners',
  '  branch, index and files of the working tree are as they were',
];

function failed(problems: readonly string[]): string[] {
  const more = problems.length > SHOWN ? [`  and ${problems.length - SHOWN} more`] : [];
  return ['The check FAILED:', ...problems.slice(0, SHOWN).map((problem) => `  ${problem}`), ...more];
}

function whereToLook({ result, isForeign, kept }: SummaryOptions, branch: string): string[] {
  const folder = kept === undefined ? [] : [`Kept: ${kept} (waggle.yaml, tasks.yaml, logs)`];
  if (!isForeign && kept === undefined) return ['To look at what it did: npm run demo -- --keep'];
  const at = `git -C ${/[^\w./-]/.test(result.repo) ? JSON.stringify(result.repo) : result.repo}`;
  return [
    ...folder,
    `Look at the commits:  ${at} log --stat ${branch}`,
    `One with trailers:    ${at} log -1 ${branch}`,
    ...(isForeign ? [`Remove the branch:    ${at} branch -D ${branch}`] : []),
  ];
}

/** `1 worker`, `2 workers`. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
