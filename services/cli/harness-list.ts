/**
 * The harnesses that Waggle can drive: what each can do, whether it is here, and who uses it; for people and machines.
 * Pure.
 */
import type { HarnessName } from '../../schemas/index.ts';
import type { Adapter } from '../../shared/harness/adapter.ts';
import { noPaint, type Paint } from './paint.ts';
import { formatTable } from './table.ts';

/** Of a profile, what says which program it runs. */
export interface ProfileProgram {
  readonly harness: HarnessName;
  readonly command: readonly string[];
  readonly program?: string;
}

/** The program that a profile starts: its own, else its harness's usual one; undefined when it names none. */
export function programOf(
  { harness, command, program }: ProfileProgram,
  adapters: Readonly<Record<HarnessName, Adapter>>,
): string | undefined {
  return program ?? adapters[harness].program ?? command[0];
}

/** For machines, in snake case. */
export interface HarnessEntry {
  readonly harness: HarnessName;
  /** The usual name of its program; absent for `command`, which runs any. */
  readonly program?: string;
  /** Where that program is on this machine; absent: not on PATH. */
  readonly path?: string;
  readonly capabilities: {
    readonly one_shot: boolean;
    readonly resumable: boolean;
    readonly steer: string;
    readonly events: boolean;
    readonly usage: string;
    readonly approvals: boolean;
    readonly mcp: boolean;
    readonly continuous: boolean;
    readonly prompts: readonly string[];
  };
  /** Those of waggle.yaml that use it. */
  readonly profiles: readonly string[];
}

/** One harness. `path`: where its program was found. */
export function harnessEntry(
  { name, program, capabilities }: Pick<Adapter, 'name' | 'program' | 'capabilities'>,
  path: string | undefined,
  profiles: ReadonlyMap<string, Pick<ProfileProgram, 'harness'>>,
): HarnessEntry {
  const { oneShot, ...rest } = capabilities;
  return {
    harness: name,
    ...(program === undefined ? {} : { program }),
    ...(path === undefined ? {} : { path }),
    capabilities: { one_shot: oneShot, ...rest },
    profiles: [...profiles].filter(([, { harness }]) => harness === name).map(([profile]) => profile),
  };
}

const COLUMNS = [
  'HARNESS',
  'ONE-SHOT',
  'RESUMABLE',
  'STEER',
  'EVENTS',
  'USAGE',
  'APPROVALS',
  'MCP',
  'CONTINUOUS',
  'PROMPTS',
  'PROFILES',
  'PROGRAM',
];

/** A line a harness. */
export function harnessTable(entries: readonly HarnessEntry[], paint: Paint = noPaint): string {
  const rows = entries.map(({ harness, capabilities, profiles, ...entry }) => [
    harness,
    yesNo(capabilities.one_shot),
    yesNo(capabilities.resumable),
    capabilities.steer === 'none' ? 'no' : capabilities.steer,
    yesNo(capabilities.events),
    capabilities.usage === 'none' ? 'no' : capabilities.usage,
    yesNo(capabilities.approvals),
    yesNo(capabilities.mcp),
    yesNo(capabilities.continuous),
    capabilities.prompts.join(','),
    profiles.join(','),
    programText(entry),
  ]);
  return formatTable(COLUMNS, rows, paint);
}

function programText({ program, path }: Pick<HarnessEntry, 'program' | 'path'>): string {
  if (program === undefined) return 'any';
  return path ?? `${program} (not on PATH)`;
}

const yesNo = (has: boolean): string => (has ? 'yes' : 'no');
