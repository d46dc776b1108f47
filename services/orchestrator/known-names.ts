/**
 * Whom the streams tell of when a term begins, and again after each break of the connection: everybody with a beat or a
 * presence that stands in BEAT, and everybody whose mail stands in MAIL. Reads only, beside the serving: until it is done
 * nobody is called unknown.
 */
import type { Bus } from '../../shared/bus/port.ts';
import { mailRoute, senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { withFirst } from '../../shared/first-signal.ts';
import type { Log } from '../../shared/log.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import type { Sightings } from './sightings.ts';

export interface KnownNamesOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 500;
/** Whoever is there is heard again within this time after BEAT was made anew, with nothing in it. */
const REJOIN_MS = 30_000;
/** BEAT and MAIL of a new project are made together. */
const TOGETHER_MS = 10_000;

/** Learns the names, and anew whenever the connection is there again, until the signal aborts. */
export async function learnNames(options: KnownNamesOptions, signal: AbortSignal): Promise<void> {
  let anew = new AbortController();
  const off = options.swarm.onStatus((status) => {
    if (status === 'connected') anew.abort();
  });
  try {
    while (!signal.aborted) {
      anew = new AbortController();
      await withFirst([signal, anew.signal], async (over) => {
        await learnOnce(options, over);
        await untilAborted(over);
      });
    }
  } finally {
    off();
  }
}

/** Tries until it has the names or the signal aborts. */
async function learnOnce(options: KnownNamesOptions, signal: AbortSignal): Promise<void> {
  const { sightings, clock, log } = options;
  while (!signal.aborted) {
    try {
      const { names, waitMs } = await namesIn(options);
      // What was read before a break may lack whoever came during it.
      if (signal.aborted) return;
      sightings.known(names, waitMs === 0);
      if (waitMs === 0) return;
      await clock.sleep(waitMs, signal).catch(() => undefined);
      if (!signal.aborted) sightings.known([], true);
      return;
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'who is known cannot be read yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}

async function namesIn({
  swarm,
  project,
  clock,
}: KnownNamesOptions): Promise<{ names: Set<string>; waitMs: number }> {
  const subjects = subjectsOf(project);
  const streams = streamNames(project);
  const [mail, beat] = [await swarm.streams.info(streams.mail), await swarm.streams.info(streams.beat)];
  const names = new Set<string>();
  const learn = async (stream: string, pattern: string, nameIn: (subject: string) => string | undefined) => {
    for (const subject of (await swarm.streams.subjects(stream, pattern)).keys()) {
      const name = nameIn(subject);
      if (name !== undefined) names.add(name);
    }
  };
  for (const family of ['topic', 'agent'] as const) {
    if (mail !== undefined) {
      await learn(streams.mail, subjects.mailFamily(family), (subject) => mailRoute(subject)?.from);
    }
  }
  for (const pattern of [subjects.beat('*'), subjects.presence('*')]) {
    if (beat !== undefined) await learn(streams.beat, pattern, senderOf);
  }
  return { names, waitMs: rejoinMs(mail?.created, beat?.created, clock.now()) };
}

/** BEAT is in memory: where it was made anew, after MAIL and just now, those who are there are not in it yet. */
function rejoinMs(mailMade: string | undefined, beatMade: string | undefined, now: number): number {
  if (mailMade === undefined || beatMade === undefined) return REJOIN_MS;
  const madeAt = Date.parse(beatMade);
  if (madeAt - Date.parse(mailMade) <= TOGETHER_MS) return 0;
  return Math.min(Math.max(madeAt + REJOIN_MS - now, 0), REJOIN_MS);
}
