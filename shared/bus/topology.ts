/**
 * The streams of a project as data (DESIGN 3), and `ensureTopology`, which brings the servers to it on every
 * connect: BEAT lives in memory and is gone after a bus restart.
 *
 * MAIL has no age or size limit; BEAT and OUTPUT give no acks, because a PubAck sent to a reply subject of a
 * client's choosing could be stored as somebody's beat.
 */
import { leaderSubject } from './leadership.ts';
import type { Bus, StreamSpec } from './port.ts';
import { subjectsOf } from './subjects.ts';

export interface StreamNames {
  readonly journal: string;
  readonly snapshots: string;
  readonly leaders: string;
  readonly mail: string;
  readonly beat: string;
  readonly output: string;
  readonly files: string;
}

export const streamNames = (project: string): StreamNames => ({
  journal: `WG_${project}_JOURNAL`,
  snapshots: `WG_${project}_SNAPSHOTS`,
  leaders: `KV_WG_LEADERS_${project}`,
  mail: `WG_${project}_MAIL`,
  beat: `WG_${project}_BEAT`,
  output: `WG_${project}_OUTPUT`,
  files: `WG_${project}_FILES`,
});

export interface TopologyLimits {
  readonly outputMaxBytes: number;
  readonly outputMaxAgeMs: number;
}

/** 1 GiB and seven days of harness output. */
export const defaultLimits: TopologyLimits = {
  outputMaxBytes: 1024 ** 3,
  outputMaxAgeMs: 7 * 24 * 3_600_000,
};

/** A key-value bucket (`nats kv` reads it): one key for each role, last value only (`election.ts`). */
export const leadersSpec = (project: string): StreamSpec => ({
  name: streamNames(project).leaders,
  subjects: [leaderSubject(project, '>')],
  storage: 'file',
  maxPerSubject: 1,
  allowDirect: true,
});

/** The streams each account should hold. */
export function topology(
  project: string,
  limits: TopologyLimits = defaultLimits,
): { readonly core: readonly StreamSpec[]; readonly swarm: readonly StreamSpec[] } {
  const names = streamNames(project);
  const { prefix, journal } = subjectsOf(project);
  const mail = `${prefix}.mail.*.*.*`;
  return {
    core: [
      { name: names.journal, subjects: [journal], storage: 'file', allowDirect: true },
      { name: names.snapshots, subjects: [`${prefix}.snapshot.*`], storage: 'file', allowDirect: true },
      leadersSpec(project),
    ],
    swarm: [
      {
        name: names.mail,
        subjects: [mail],
        storage: 'file',
        allowDirect: true,
        republish: { from: `${prefix}.mail.>`, to: `${prefix}.live.mail.>` },
      },
      {
        name: names.beat,
        subjects: [`${prefix}.beat.*`, `${prefix}.presence.*`],
        storage: 'memory',
        maxPerSubject: 1,
        noAck: true,
        allowDirect: true,
      },
      {
        name: names.output,
        subjects: [`${prefix}.output.*.*`],
        storage: 'file',
        maxBytes: limits.outputMaxBytes,
        maxAgeMs: limits.outputMaxAgeMs,
        noAck: true,
        allowDirect: true,
      },
      {
        name: names.files,
        subjects: [`${prefix}.files.*.*.*`],
        storage: 'file',
        maxPerSubject: 1,
        allowDirect: true,
      },
    ],
  };
}

/** Creates or mends the project's streams. Idempotent; says which streams it touched. */
export async function ensureTopology(
  buses: { readonly core: Bus; readonly swarm: Bus },
  project: string,
  limits?: TopologyLimits,
): Promise<readonly string[]> {
  const wanted = topology(project, limits);
  const touched: string[] = [];
  for (const [bus, specs] of [[buses.core, wanted.core] as const, [buses.swarm, wanted.swarm] as const]) {
    for (const spec of specs) {
      const did = await bus.streams.ensure(spec);
      if (did !== 'unchanged') touched.push(`${spec.name} ${did}`);
    }
  }
  return touched;
}
