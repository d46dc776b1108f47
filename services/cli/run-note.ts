/**
 * What its worker noted of a run: what it ran with, what decided its class, what its harness was told, and what it
 * used. Read from the events of its grant, because the board keeps only a part. Pure.
 */
import type { PromptPart, RunNote, RunRecord, Usage } from '../../schemas/index.ts';
import { type JournalEvent, quotaWords } from './event-words.ts';
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';
import { formatTable } from './table.ts';
import { usageWords } from './usage-words.ts';

export interface Noted {
  readonly note?: RunNote;
  /** All that it used, or so far. */
  readonly usage?: Usage;
}

/** `events`: of the run's grant, oldest first. */
export function notedOf({ usage: kept }: Pick<RunRecord, 'usage'>, events: readonly JournalEvent[]): Noted {
  const recorded = events.map(({ event }) => event).findLast((event) => event.type === 'run_recorded');
  const told = events.map(({ event }) => event).findLast((event) => event.type === 'run_used');
  const usage = kept ?? recorded?.usage ?? told?.usage;
  return {
    ...(recorded?.note === undefined ? {} : { note: recorded.note }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** Lines `name value` for the run; the board's own word goes first where both have one. */
export function notedFields(
  run: RunRecord,
  { note, usage }: Noted,
): (readonly [string, string | undefined])[] {
  const harness = run.harness ?? note?.harness;
  const model = run.model ?? note?.model;
  const exitCode = note?.exit_code;
  return [
    [
      'profile',
      run.profile === undefined || run.pool === undefined
        ? run.profile
        : `${run.profile} of pool ${run.pool}`,
    ],
    ['harness', harness],
    ['model', model],
    ['mode', run.mode ?? note?.mode],
    ['session', run.session ?? note?.session],
    ['usage', usage === undefined ? undefined : usageWords(usage)],
    ['quota', note?.quota === undefined ? undefined : quotaWords(note.quota)],
    ['exit code', exitCode === undefined ? undefined : String(exitCode)],
    ['prompt', (run.prompt_sha256 ?? note?.prompt_sha256)?.slice(0, SHORT)],
  ];
}

/** Further parts of the text: what decided the class, and what the prompt was made of. */
export function notedParts(run: RunRecord, { note }: Noted, paint: Paint = noPaint): string[] {
  const evidence = note?.evidence ?? (run.because === undefined ? [] : [run.because]);
  const prompts = note?.prompts ?? [];
  return [
    ...(evidence.length === 0
      ? []
      : [`${paint('bold', 'evidence')}\n${evidence.map((line) => `  ${singleLine(line)}`).join('\n')}`]),
    ...(prompts.length === 0 ? [] : [promptTable(prompts, paint).trimEnd()]),
  ];
}

const SHORT = 12;

function promptTable(prompts: readonly PromptPart[], paint: Paint): string {
  const rows = prompts.map(({ part, source, bytes, sha256 }) => [
    part,
    source,
    bytes,
    sha256.slice(0, SHORT),
  ]);
  return formatTable(['PROMPT PART', 'SOURCE', { title: 'BYTES', align: 'right' }, 'SHA256'], rows, paint);
}
