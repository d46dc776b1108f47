/**
 * A task's fields as flags give them: the flags that `add` and `edit` share, and what they say as the entry of a
 * task file would. Says nothing about what a value may be. Pure.
 */
import type { Command } from 'commander';
import { addListTo, addTo } from './task-filter.ts';

export interface DraftFlags {
  readonly title?: string;
  readonly body?: string;
  readonly priority?: string;
  readonly label?: readonly string[];
  readonly dep?: readonly string[];
  readonly parent?: string;
  readonly path?: readonly string[];
  readonly gate?: readonly string[];
  readonly requiresHarness?: string;
  readonly requiresProfile?: string;
  readonly requiresOs?: string;
  readonly requiresRepo?: string;
  readonly requiresLabel?: readonly string[];
  readonly heavy?: boolean;
  readonly notBefore?: string;
  readonly maxAttempts?: string;
}

/** Adds the flags that `add` and `edit` share. */
export function withDraftFlags(command: Command): Command {
  return command
    .option('-b, --body <text>', 'what to do, in full')
    .option('--body-file <file>', 'the same from a file, or from standard input for -')
    .option('-p, --priority <priority>', 'P0 (first) to P4')
    .option('-l, --label <label>', 'a label; repeat it, or use commas', addListTo)
    .option('-d, --dep <id>', 'a task that must be closed first; repeat it, or use commas', addListTo)
    .option('--parent <id>', 'the task it is part of')
    .option('--path <path>', 'a file or folder it will change; repeat it', addTo)
    .option('--gate <gate>', 'a gate it must pass; repeat it, or use commas', addListTo)
    .option('--requires-harness <harness>', 'only workers with this harness')
    .option('--requires-profile <profile>', 'only workers with this profile')
    .option('--requires-os <os>', 'only workers on linux or darwin')
    .option('--requires-repo <repo>', 'only workers that hold this repository')
    .option('--requires-label <label>', 'only workers with this label; repeat it, or use commas', addListTo)
    .option('--heavy', 'takes one of the heavy slots')
    .option('--not-before <time>', 'a time such as 2026-03-01T09:00:00Z, or +10m')
    .option('--max-attempts <count>', 'failed tries until it counts as failed');
}

/** The fields that the flags name, under the keys of a task file. */
export function draftOf(flags: DraftFlags): Record<string, unknown> {
  const requires = named({
    harness: flags.requiresHarness,
    profile: flags.requiresProfile,
    os: flags.requiresOs,
    repo: flags.requiresRepo,
    labels: flags.requiresLabel,
  });
  return named({
    title: flags.title,
    body: flags.body,
    priority: flags.priority,
    labels: flags.label,
    deps: flags.dep,
    parent: flags.parent,
    paths: flags.path,
    gates: flags.gate,
    requires: Object.keys(requires).length === 0 ? undefined : requires,
    heavy: flags.heavy,
    not_before: flags.notBefore,
    max_attempts: number(flags.maxAttempts),
  });
}

/** A number where the text is one; other text is kept, for the message about it. */
function number(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function named(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
