/**
 * Profiles as the board and this folder's waggle.yaml know them, put together; for people and machines. Pure.
 */
import type { HarnessName, ProfileView, Quota, Usage } from '../../schemas/index.ts';
import { formatAge } from './ages.ts';
import { quotaWords } from './event-words.ts';
import { type Colour, noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';
import { formatTable } from './table.ts';
import { iso } from './tracker-record.ts';
import { costText, totalTokenText } from './usage-words.ts';

/** What the board says besides its configuration. */
type Known = Pick<ProfileView, 'stopped' | 'cooldown_until'>;
export type ProfileState = 'ready' | 'cooling' | 'stopped';

/** `now` in milliseconds since the epoch. */
export function profileState({ stopped, cooldown_until }: Known, now: number): ProfileState {
  if (stopped) return 'stopped';
  return cooldown_until !== undefined && cooldown_until > now ? 'cooling' : 'ready';
}

/** Of a profile of waggle.yaml. */
export interface LocalProfile {
  readonly harness: HarnessName;
  readonly model?: string;
  readonly account?: string;
  readonly maxConcurrency?: number;
}

/** One profile; what only one side knows is there when that side was heard. */
export interface ProfileEntry {
  readonly name: string;
  readonly known_to: 'board and file' | 'board' | 'file';
  readonly harness?: HarnessName;
  readonly model?: string;
  readonly account?: string;
  readonly state?: ProfileState;
  readonly live?: number;
  readonly max_concurrency?: number;
  readonly weight?: number;
  /** ISO 8601. */
  readonly cooldown_until?: string;
  /** The one machine that gets no work of it. */
  readonly barred?: string;
  readonly reason?: string;
  readonly failures?: number;
  readonly quota?: Quota;
  readonly runs?: number;
  readonly usage?: Usage;
}

/** By name. `board` is absent when no leader was heard. */
export function listProfiles(
  local: ReadonlyMap<string, LocalProfile>,
  board: readonly ProfileView[] | undefined,
  now: number,
): ProfileEntry[] {
  const views = new Map((board ?? []).map((view) => [view.name, view]));
  const names = [...new Set([...local.keys(), ...views.keys()])].sort();
  return names.map((name) => {
    const own = local.get(name);
    const view = views.get(name);
    return { name, ...sidesOf(own, view), ...ownPart(own), ...boardPart(view, now) };
  });
}

function sidesOf(
  own: LocalProfile | undefined,
  view: ProfileView | undefined,
): Pick<ProfileEntry, 'known_to'> {
  if (view === undefined) return { known_to: 'file' };
  return { known_to: own === undefined ? 'board' : 'board and file' };
}

function ownPart(own: LocalProfile | undefined): Partial<ProfileEntry> {
  if (own === undefined) return {};
  const { harness, model, account, maxConcurrency } = own;
  return {
    harness,
    ...(model === undefined ? {} : { model }),
    ...(account === undefined ? {} : { account }),
    ...(maxConcurrency === undefined ? {} : { max_concurrency: maxConcurrency }),
  };
}

function boardPart(view: ProfileView | undefined, now: number): Partial<ProfileEntry> {
  if (view === undefined) return {};
  const { name: _, budget: __, stopped: ___, cooldown_until, ...rest } = view;
  const state = profileState(view, now);
  const until = state === 'cooling' ? cooldown_until : undefined;
  return { ...rest, state, ...(until === undefined ? {} : { cooldown_until: iso(until) }) };
}

const right = (title: string) => ({ title, align: 'right' as const });
const PROFILE_COLUMNS = [
  'PROFILE',
  'HARNESS',
  'MODEL',
  'STATE',
  right('LIVE'),
  right('MAX'),
  right('FAILED'),
  right('RUNS'),
  right('TOKENS'),
  right('COST'),
  'QUOTA',
  'ACCOUNT',
  'REASON',
];

const colours: Partial<Record<ProfileState, Colour>> = { cooling: 'yellow', stopped: 'red' };

/** A line a profile; below it, what differs between the board and the file. `isHeard`: whether a leader was. */
export function profileTable(
  entries: readonly ProfileEntry[],
  {
    now,
    isHeard,
    paint = noPaint,
  }: { readonly now: number; readonly isHeard: boolean; readonly paint?: Paint },
): string {
  const rows = entries.map((entry) => [
    entry.name,
    entry.harness,
    entry.model,
    stateText(entry, now),
    entry.live,
    entry.max_concurrency,
    entry.failures,
    entry.runs,
    totalTokenText(entry.usage),
    entry.usage?.cost_usd === undefined ? undefined : costText(entry.usage.cost_usd),
    entry.quota === undefined ? undefined : quotaWords(entry.quota),
    entry.account,
    entry.reason,
  ]);
  const resting = entries.flatMap(({ name, state, barred }) => {
    if (state !== 'stopped' && barred !== undefined) {
      const host = singleLine(barred);
      const ends = `\`waggle profile resume ${name}\`, or an agent that is started anew there, ends that`;
      return `${paint('yellow', 'barred')}: ${host} gets no work of ${name}, which works elsewhere; ${ends}\n`;
    }
    const colour = state === undefined ? undefined : colours[state];
    if (state === undefined || colour === undefined) return [];
    return `${paint(colour, state)}: ${name} gets no work; \`waggle profile resume ${name}\` ends that\n`;
  });
  const unsent = isHeard ? entries.filter(({ known_to }) => known_to === 'file').map(({ name }) => name) : [];
  const remark =
    unsent.length === 0
      ? ''
      : `the board does not know ${unsent.join(', ')}; \`waggle up\` sends the configuration\n`;
  return formatTable(PROFILE_COLUMNS, rows, paint) + resting.join('') + remark;
}

function stateText({ state, cooldown_until, barred }: ProfileEntry, now: number): string | undefined {
  if (state === 'ready' && barred !== undefined) return `ready, not on ${barred}`;
  if (state !== 'cooling' || cooldown_until === undefined) return state;
  return `cooling until ${shortTime(cooldown_until)} (${formatAge(Date.parse(cooldown_until) - now)})`;
}

const shortTime = (at: string): string => at.replace(/\.\d+Z$/, 'Z');
