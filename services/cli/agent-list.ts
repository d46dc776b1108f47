/**
 * Who works for a project and on what: last beats, the board's grants and what runs here, put together. Pure.
 */
import type { QueryAnswerOf, ReadAnswerOf, Usage } from '../../schemas/index.ts';

export interface AgentTask {
  readonly task: string;
  readonly fence: number;
  readonly phase?: string;
  readonly output_age_ms?: number;
  readonly output_bytes?: number;
  /** What its run uses. */
  readonly profile?: string;
  /** So far. */
  readonly usage?: Usage;
}

export interface AgentEntry {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly tasks: readonly AgentTask[];
  /** Absent: it sends none, or none is known. */
  readonly beat_age_ms?: number;
  /** Three beats and more are missing. */
  readonly beat_old: boolean;
  readonly host?: string;
  readonly pid?: number;
  readonly version?: string;
  readonly profile?: string;
  /** Whether `waggle up` runs it here. */
  readonly supervised: boolean;
}

export interface AgentSources {
  readonly beats: ReadAnswerOf<'beats'>['beats'];
  readonly status: Pick<QueryAnswerOf<'status'>, 'leader' | 'grants' | 'config'>;
  /** What `waggle up` runs here. */
  readonly supervised: readonly { readonly name: string; readonly pid: number }[];
  readonly host: string;
}

const MISSED_BEATS = 3;
const ORCHESTRATOR = 'orchestrator';

/** By name, the leader first; agents that said goodbye are left out. */
export function listAgents(sources: AgentSources): AgentEntry[] {
  const { beats, status, supervised, host } = sources;
  const isHere = (name: string, pid: number | undefined) =>
    supervised.some((service) => service.name === name && (pid === undefined || service.pid === pid));
  const leading = leaderEntry(status.leader, (pid) => isHere(ORCHESTRATOR, pid));
  const own = beats.find(({ beat }) => isOf(beat, leading));
  const leader = own === undefined ? leading : { ...leading, ...heard(own) };
  const beating = beats
    .filter((one) => one !== own && one.beat.state !== 'gone')
    .map(({ agent, age_ms, beat }): AgentEntry => {
      const isOld = age_ms > beat.every_ms * MISSED_BEATS;
      // An older worker has one profile for all its runs.
      const ofAll = beat.profile === undefined ? {} : { profile: beat.profile };
      // A report that the board has taken since the beat: the grant is over.
      const isReported = ({ phase, fence }: { readonly phase: string; readonly fence: number }) =>
        phase === 'reporting' && !status.grants.some((grant) => grant.fence === fence);
      const open = beat.grants.filter((grant) => !isReported(grant));
      const told = open.map(({ run: _, output_age_ms, ...grant }) => ({
        ...ofAll,
        ...grant,
        // Since the beat was sent nothing is known of its output: it can only have become older.
        ...(output_age_ms === undefined ? {} : { output_age_ms: output_age_ms + age_ms }),
      }));
      // The board knows of a grant at once, a beat tells of it seconds later.
      const newer = status.grants.filter(
        (grant) => grant.agent === agent && !told.some(({ fence }) => fence === grant.fence),
      );
      const state = newer.length > 0 ? 'working' : beat.state;
      return {
        name: agent,
        role: beat.role,
        state: isOld ? 'silent' : state,
        tasks: [...told, ...newer.map(({ task, fence }) => ({ task, fence, phase: 'granted' }))],
        ...heard({ age_ms, beat }),
        ...(beat.profile === undefined ? {} : { profile: beat.profile }),
        supervised: beat.place.host === host && isHere(agent, beat.pid),
      };
    });
  const known = new Set([leader.name, ...beating.map(({ name }) => name)]);
  const holders = holdersOf(status, known);
  for (const { name } of holders) known.add(name);
  const heardPids = new Set([leader, ...beating].map(({ pid }) => pid));
  // One orchestrator leads, here or elsewhere; another one that runs here stands by.
  const isListed = ({ name, pid }: { name: string; pid: number }) =>
    name === ORCHESTRATOR ? heardPids.has(pid) : known.has(name);
  const beatless = supervised.filter((one) => !isListed(one)).map((one) => beatlessEntry(one, host));
  const others = [...beating, ...holders, ...beatless];
  return [leader, ...others.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))];
}

/** Every worker that is heard of, by name. */
export function beatingWorkers(beats: AgentSources['beats']): string[] {
  return beats
    .filter(({ beat, age_ms }) => {
      const isHeard = age_ms <= beat.every_ms * MISSED_BEATS;
      return beat.role === 'worker' && beat.state !== 'gone' && isHeard;
    })
    .map(({ agent }) => agent)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

type BeatHeard = Pick<AgentSources['beats'][number], 'age_ms' | 'beat'>;

function heard({ age_ms, beat }: BeatHeard) {
  return {
    beat_age_ms: age_ms,
    beat_old: age_ms > beat.every_ms * MISSED_BEATS,
    host: beat.place.host,
    pid: beat.pid,
    version: beat.version,
  };
}

/** Whether it is the leader's own. Its identity names the host with dashes for all that is no letter or digit. */
function isOf({ role, pid, place }: BeatHeard['beat'], leader: AgentEntry): boolean {
  const host = place.host.replace(/[^A-Za-z0-9-]/g, '-');
  return role === 'orchestrator' && pid === leader.pid && host === leader.host;
}

/** An orchestrator calls itself `<host>-<pid>-<random>` and sends no beats: it answered just now. */
function leaderEntry(identity: string, isHere: (pid: number | undefined) => boolean): AgentEntry {
  const match = /^(.*)-(\d+)-[a-z0-9]+$/.exec(identity);
  const pid = match?.[2] === undefined ? undefined : Number(match[2]);
  return {
    name: ORCHESTRATOR,
    role: ORCHESTRATOR,
    state: 'leading',
    tasks: [],
    beat_old: false,
    ...(match?.[1] === undefined ? {} : { host: match[1] }),
    ...(pid === undefined ? {} : { pid }),
    supervised: isHere(pid),
  };
}

/** Those who hold grants and are not heard of: people, and agents whose beats were lost with the bus. */
function holdersOf({ grants, config }: AgentSources['status'], known: ReadonlySet<string>): AgentEntry[] {
  const names = [...new Set(grants.map(({ agent }) => agent))].filter((name) => !known.has(name));
  return names.map((name) => {
    const held = grants.filter(({ agent }) => agent === name);
    const tasks = held.map(({ task, fence, kind }) => ({ task, fence, phase: kind }));
    const role = config.roles[name] ?? 'worker';
    const isPerson = held.every(({ kind }) => kind === 'manual');
    return { name, role, state: isPerson ? 'manual' : 'unheard', tasks, beat_old: false, supervised: false };
  });
}

/** What `waggle up` runs under these names; those that send beats have lost them, or have just begun. */
const beatlessRoles: Readonly<Record<string, { readonly role: string; readonly state: string }>> = {
  nats: { role: 'bus', state: 'running' },
  orchestrator: { role: 'orchestrator', state: 'standby' },
  committer: { role: 'committer', state: 'no beat' },
  'stale-takeover': { role: 'stale-takeover', state: 'no beat' },
};

function beatlessEntry({ name, pid }: { name: string; pid: number }, host: string): AgentEntry {
  const known = Object.hasOwn(beatlessRoles, name) ? beatlessRoles[name] : undefined;
  return {
    name,
    role: known?.role ?? 'unknown',
    state: known?.state ?? 'no beat',
    tasks: [],
    beat_old: false,
    host,
    pid,
    supervised: true,
  };
}
