/**
 * Who was seen: whoever sent mail that still stands, has a heartbeat in BEAT, or showed presence there. By the server's
 * times alone, for the clocks of those who write differ. The orchestrator is nobody's colleague.
 *
 * BEAT is in memory: after a restart of the bus, mail is all that is known.
 */
import PQueue from 'p-queue';
import { type Beat, type Presence, RESERVED_AGENT, type ReadAnswerOf } from '../../schemas/index.ts';
import { isFault, LONGEST_MAIL_BYTES, readMail } from '../../shared/bus/mailbox.ts';
import type { Stored, Streams } from '../../shared/bus/port.ts';
import { mailRoute, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { lastBeats, lastPresences, type Sign } from './read-beats.ts';

type Sighting = ReadAnswerOf<'sightings'>['sightings'][number];

/** What fits an answer: so many names, and so many bytes (as JSON) of all that is known of those seen last. */
const PEOPLE = 2_000;
const WHOLE_BYTES = 500_000;
const AT_ONCE = 16;

/** By name. Errors: those of the port. */
export async function readSightings(streams: Streams, project: string): Promise<ReadAnswerOf<'sightings'>> {
  const [senders, beats, presences] = await Promise.all([
    sendersOf(streams, project),
    lastBeats(streams, project),
    lastPresences(streams, project),
  ]);
  const beatOf = new Map(beats.map((sign) => [sign.agent, sign]));
  const presenceOf = new Map(presences.map((sign) => [sign.agent, sign]));
  // Those with a sign of life first, then those who write most.
  const names = [...new Set([...beatOf.keys(), ...presenceOf.keys(), ...senders])]
    .filter((name) => name !== RESERVED_AGENT)
    .slice(0, PEOPLE);
  const wrote = new Set(senders);
  const lookups = new PQueue({ concurrency: AT_ONCE });
  const sightings = await lookups.addAll(
    names.map((agent) => async () => {
      const mail = wrote.has(agent) ? await mailBy(streams, project, agent) : undefined;
      return sightingOf(agent, mail, beatOf.get(agent), presenceOf.get(agent));
    }),
  );
  return { v: 1, kind: 'sightings', sightings: fitting(sightings.flat()) };
}

/** Who wrote to topics or agents; those with the most messages first. */
async function sendersOf(streams: Streams, project: string): Promise<string[]> {
  const subjects = subjectsOf(project);
  const { mail: stream } = streamNames(project);
  const families = await Promise.all(
    (['topic', 'agent'] as const).map((family) => streams.subjects(stream, subjects.mailFamily(family))),
  );
  const counts = new Map<string, number>();
  for (const [subject, messages] of families.flatMap((family) => [...family])) {
    const from = mailRoute(subject)?.from;
    if (from !== undefined) counts.set(from, (counts.get(from) ?? 0) + messages);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

interface FirstAndLast {
  readonly first: Stored;
  readonly last: Stored;
}

/** Of all that stands by that name, receipts too: who reads is there. */
async function mailBy(streams: Streams, project: string, agent: string): Promise<FirstAndLast | undefined> {
  const { mail: stream } = streamNames(project);
  const subject = subjectsOf(project).mailTo(undefined, agent);
  const [first, last] = await Promise.all([
    streams.get(stream, { nextBySubject: subject, fromSeq: 1 }),
    streams.get(stream, { lastBySubject: subject }),
  ]);
  return first === undefined || last === undefined ? undefined : { first, last };
}

/** What three sources know of one name; nothing where its mail has gone meanwhile. */
export function sightingOf(
  agent: string,
  mail: FirstAndLast | undefined,
  beat: Sign<Beat> | undefined,
  presence: Sign<Presence> | undefined,
): Sighting[] {
  const signs = [
    ...(mail === undefined ? [] : [{ at: mail.last.at, host: hostOf(mail.last) }]),
    ...(beat === undefined ? [] : [{ at: beat.at, host: beat.value.place.host }]),
    ...(presence === undefined ? [] : [{ at: presence.at, host: presence.value.host }]),
  ].sort((a, b) => b.at - a.at);
  const [newest] = signs;
  if (newest === undefined) return [];
  const host = signs.find((sign) => sign.host !== undefined)?.host;
  const firsts = [
    ...(mail === undefined ? [] : [mail.first.at]),
    ...(beat === undefined ? [] : [Math.max(0, beat.at - beat.value.uptime_ms)]),
  ];
  return [
    {
      agent,
      ...(firsts.length === 0 ? {} : { first_at: Math.min(...firsts) }),
      last_at: newest.at,
      ...(host === undefined ? {} : { host }),
      ...(beat === undefined ? {} : { beat: beat.value }),
    },
  ];
}

function hostOf(stored: Stored): string | undefined {
  if (stored.payload.byteLength > LONGEST_MAIL_BYTES) return undefined;
  const mail = readMail(stored);
  return isFault(mail) ? undefined : mail.mail.host;
}

/** By name; of those for whom there is no room, only when they were seen. */
function fitting(sightings: readonly Sighting[]): Sighting[] {
  let bytes = 0;
  return sightings
    .toSorted((a, b) => b.last_at - a.last_at)
    .map((sighting) => {
      bytes += Buffer.byteLength(JSON.stringify(sighting));
      const { host: _host, beat: _beat, ...rest } = sighting;
      return bytes > WHOLE_BYTES ? rest : sighting;
    })
    .sort((a, b) => (a.agent < b.agent ? -1 : 1));
}
