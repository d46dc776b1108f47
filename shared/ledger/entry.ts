/**
 * The text of a ledger (REQUIREMENTS 3.2): what stands at its head, and one entry for each run. Pure. The form
 * is the seed's to the byte, so that its tools read ours; our own fields follow `exit_code`.
 *
 * 1. Every field is one line, and nothing is written that has not been redacted.
 * 2. Nothing in the output can end its fence: that is longer than any run of backticks in it.
 * 3. A head and an entry each end with a blank line.
 */
import type { Outcome } from '../../schemas/index.ts';
import { cutToBytes } from '../harness/output-tail.ts';
import { oneLine } from './plain-text.ts';
import { redact } from './redact.ts';
import { ledgerTail } from './tail.ts';

/** Whose ledger it is. Times in milliseconds since the epoch. */
export interface LedgerHead {
  readonly loopId: string;
  readonly name: string;
  readonly repoPath: string;
  readonly createdAt: number;
}

/** One finished run. Times in milliseconds since the epoch; what is unknown is left out. */
export interface LedgerRun {
  readonly runId: string;
  readonly outcome: Outcome;
  readonly profile: string;
  readonly harness?: string;
  readonly authKind?: string;
  readonly promptSource: string;
  readonly promptPath?: string;
  readonly promptOverride: boolean;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly task: string;
  readonly fence: number;
  /** Input and output together. */
  readonly tokens?: number;
  readonly commit?: string;
  /** The run's output or the end of it; it is redacted and bounded here. */
  readonly tail: string;
}

type Status = 'success' | 'error' | 'killed';

const statusOf: Readonly<Record<Outcome, Status>> = {
  completed: 'success',
  no_change: 'success',
  blocked: 'error',
  needs_input: 'error',
  rate_limited: 'error',
  auth_failed: 'error',
  env_failed: 'error',
  crashed: 'error',
  timed_out: 'error',
  killed: 'killed',
  fenced: 'killed',
};

/** More than any path has. */
const FIELD_BYTES = 4096;

/** Front matter and heading. Errors: a time that is none (RangeError). */
export function renderHead(head: LedgerHead): string {
  const name = field(head.name);
  const matter = [
    `loop_id: ${field(head.loopId)}`,
    `loop_name: ${name}`,
    `repo_path: ${field(head.repoPath)}`,
    `created_at: ${rfc3339(head.createdAt)}`,
  ];
  return `---\n${matter.join('\n')}\n---\n\n# Loop Ledger: ${name}\n\n`;
}

/** The entry of a run of the worker `name`; without a fence when there was no output. Errors: as above. */
export function renderEntry(name: string, run: LedgerRun): string {
  const fields: Readonly<Record<string, string | number | boolean | undefined>> = {
    run_id: run.runId,
    loop_name: name,
    status: statusOf[run.outcome],
    profile: run.profile,
    harness: run.harness,
    auth_kind: run.authKind,
    prompt_source: run.promptSource,
    prompt_path: run.promptPath,
    prompt_override: run.promptOverride,
    started_at: rfc3339(run.startedAt),
    finished_at: run.finishedAt === undefined ? undefined : rfc3339(run.finishedAt),
    exit_code: run.exitCode,
    task: run.task,
    fence: run.fence,
    outcome: run.outcome,
    tokens: run.tokens,
    commit: run.commit,
  };
  const bullets = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `- ${key}: ${field(String(value))}\n`);
  const heading = rfc3339(run.finishedAt ?? run.startedAt);
  return `## ${heading}\n\n${bullets.join('')}\n${fenced(ledgerTail(run.tail))}`;
}

function fenced(tail: string): string {
  if (tail === '') return '';
  const longest = Math.max(0, ...[...tail.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}\n${tail}\n${fence}\n\n`;
}

const field = (value: string): string => cutToBytes(redact(oneLine(value)), FIELD_BYTES);

/** RFC 3339 in UTC, in whole seconds. */
const rfc3339 = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
