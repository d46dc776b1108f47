/**
 * Who is there, and what an agent says of itself: names in use and statuses are the board's, signs of life the read
 * service's.
 */
import type { CommandAnswer, Person, ReadAnswerOf } from '../../schemas/index.ts';
import { LINE_LIMIT, RESERVED_AGENT } from '../../schemas/limits.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import type { BusLink } from './bus-link.ts';
import type { WhoRecord } from './desk.ts';
import { rfc3339 } from './message-id.ts';
import { longName, shortName } from './name-words.ts';
import { readAgent } from './names.ts';
import { showPresence } from './presence.ts';

type Sighting = ReadAnswerOf<'sightings'>['sightings'][number];

const TRIES = 10;

/** By name; the orchestrator is left out. */
export async function whoIsThere(link: BusLink, signal?: AbortSignal): Promise<readonly WhoRecord[]> {
  const [sightings, people] = await Promise.all([
    link.read((reader) => reader.sightings(signal), signal),
    peopleOf(link, signal),
  ]);
  const seen = new Map(sightings.map((sighting) => [sighting.agent, sighting]));
  const known = new Map(people.map((person) => [person.name, person]));
  return [...new Set([...seen.keys(), ...known.keys()])]
    .filter(
      (name) => name !== RESERVED_AGENT && !isForgotten(seen.get(name), known.has(name), link.clock.now()),
    )
    .sort()
    .map((name) => whoRecord(name, seen.get(name), known.get(name)));
}

/** Who came without a name and has gone: each of their commands was another one. */
const NAMELESS_KEPT_MS = 3_600_000;
const isForgotten = (seen: Sighting | undefined, isRegistered: boolean, now: number): boolean =>
  seen !== undefined && !isRegistered && NAMELESS.test(seen.agent) && seen.last_at < now - NAMELESS_KEPT_MS;

/** What two sources know of one name. Pure. */
export function whoRecord(name: string, seen: Sighting | undefined, person: Person | undefined): WhoRecord {
  const firsts = [seen?.first_at, person?.first_seen].filter((at) => at !== undefined);
  const lasts = [seen?.last_at, person?.last_seen].filter((at) => at !== undefined);
  const last = Math.max(0, ...lasts);
  const host = person?.host ?? seen?.host ?? seen?.beat?.place.host;
  const status = person?.status;
  return {
    name,
    ...(host === undefined ? {} : { host }),
    ...(status === undefined ? {} : { status }),
    first_seen: rfc3339(firsts.length === 0 ? last : Math.min(...firsts)),
    last_seen: rfc3339(last),
    ...workOf(seen),
  };
}

/** What a heartbeat tells. */
function workOf(seen: Sighting | undefined): Partial<WhoRecord> {
  if (seen?.beat === undefined) return {};
  const { role, profile, state, grants } = seen.beat;
  const [grant] = grants;
  const quietMs = grant?.output_age_ms;
  return {
    role,
    ...(profile === undefined ? {} : { harness: profile }),
    state,
    ...(grant === undefined ? {} : { task: grant.task }),
    ...(quietMs === undefined ? {} : { last_output: rfc3339(Math.max(0, seen.last_at - quietMs)) }),
  };
}

/** That name, or a free one, is this identity's from here on. Errors: `name-taken`, `mail-invalid`, `refused`. */
export async function registerName(
  link: BusLink,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<WhoRecord> {
  if (name !== undefined) return register(link, readAgent(name), signal, identityFor(link, readAgent(name)));
  const taken = new Set((await whoIsThere(link, signal)).map((one) => one.name));
  for (let n = 0; n < TRIES * 2; n += 1) {
    const wanted = (n < TRIES ? shortName : longName)(link.randomId);
    // One that this identity has in another place would be given to it again.
    if (taken.has(wanted)) continue;
    try {
      return await register(link, wanted, signal);
    } catch (error) {
      if (!isWaggleError(error, 'name-taken')) throw error;
    }
  }
  throw new WaggleError('refused', {
    message: 'no free agent name was found; choose one: fmail register <name>',
  });
}

/**
 * Whoever has a name and asks for another is somebody else than the one who works under that: two terminals in one
 * folder are two agents.
 */
function identityFor({ identity, agent }: BusLink, name: string): string {
  return agent === name || NAMELESS.test(agent) ? identity : `${identity}#${agent}`;
}

/** How those are called who have no name. */
const NAMELESS = /^anon-[a-z0-9]+$/;

async function register(
  link: BusLink,
  name: string,
  signal?: AbortSignal,
  identity: string = link.identity,
): Promise<WhoRecord> {
  // The name is the asker's, from the subject: who registers asks as whom it wants to be.
  const board = await link.board(name);
  const answer = await board.command(
    { v: 1, kind: 'register', id: link.randomId(), identity: lineOf(identity) || name, ...hostOf(link) },
    signal,
  );
  if (answer.status === 'refused' && answer.code === 'name-taken')
    throw new WaggleError('name-taken', { name });
  expectOk(answer);
  showPresence(link, 'register', name);
  const person = (await peopleOf(link, signal)).find((one) => one.name === name);
  if (person === undefined) throw new WaggleError('refused', { message: `the board does not know ${name}` });
  return whoRecord(name, undefined, person);
}

/** Undefined where nothing is said. */
export async function statusOf(link: BusLink, signal?: AbortSignal): Promise<string | undefined> {
  return (await peopleOf(link, signal)).find(({ name }) => name === link.agent)?.status;
}

/** Errors: `mail-invalid` for a text that is too long. */
export async function setStatusTo(
  link: BusLink,
  text: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const status = oneLine(text ?? '');
  if (status.length > LINE_LIMIT) {
    throw new WaggleError('mail-invalid', { message: `status: expected at most ${LINE_LIMIT} characters` });
  }
  const board = await link.board();
  const said = status === '' ? {} : { text: status };
  const answer = await board.command(
    { v: 1, kind: 'set_status', id: link.randomId(), ...said, ...hostOf(link) },
    signal,
  );
  expectOk(answer);
}

async function peopleOf(link: BusLink, signal?: AbortSignal): Promise<readonly Person[]> {
  const board = await link.board();
  const people: Person[] = [];
  for (let after: string | undefined; ; ) {
    const which = after === undefined ? {} : { after };
    const page = await board.query({ v: 1, kind: 'people', ...which }, signal);
    people.push(...page.people);
    if (page.next === undefined) return people;
    after = page.next;
  }
}

function expectOk(answer: CommandAnswer): void {
  if (answer.status === 'ok') return;
  throw new WaggleError('refused', {
    message: answer.message ?? 'the board refused it',
    reason: answer.code ?? 'refused',
  });
}

const oneLine = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
const lineOf = (text: string): string => oneLine(text).slice(0, LINE_LIMIT);
const hostOf = ({ host }: BusLink): { host?: string } => {
  const line = lineOf(host);
  return line === '' ? {} : { host: line };
};
