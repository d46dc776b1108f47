/**
 * The bus as this machine sees it: reachable, new enough, rights in force, streams there, a leader, and how
 * durable it is in the server's own word.
 *
 * Each look goes on where the one before ended; what cannot be looked at is skipped, never called wrong.
 */
import { formatNatsVersion, OLDEST_NATS } from '../../../infra/nats/version.ts';
import { createBoardClient } from '../../../shared/bus/board-client.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import type { Clock } from '../../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { connectAs } from '../../../shared/service/context.ts';
import { explained } from '../../../shared/service/project-elsewhere.ts';
import { askServer, embeddedAccess, type ServerWord } from '../server-word.ts';
import type { BusUnderTest } from './bus-under-test.ts';
import { compareVersions } from './machine.ts';
import { type Check, type Finding, fail, look, pass, skip, warn } from './report.ts';
import { storedChecks, storedNames } from './stored.ts';

const ANSWER_MS = 2_000;
const AGENT = 'doctor';
const NAMES = ['rights', 'streams', 'leader', 'durability', 'clock'] as const;

/** `known` rejects, with `bus-unknown` where none runs. */
export async function busChecks(known: Promise<BusUnderTest>): Promise<readonly Check[]> {
  const place = await look('bus', 'known', async () => {
    try {
      return pass((await known).bus.source);
    } catch (error) {
      if (isWaggleError(error, 'bus-unknown')) return warn('no bus runs here; `waggle up` starts one');
      throw error;
    }
  });
  const test = await known.catch(() => undefined);
  const later = [...NAMES, ...storedNames];
  if (test === undefined) return [place, ...skipped(['reachable', ...later], 'no bus is known')];
  let agent: Bus | undefined;
  const reachable = await look('bus', 'reachable', async () => {
    agent = await connectAs({ ...test, log: silentLog }, 'agent', AGENT);
    return await speed(agent, test.clock);
  });
  if (agent === undefined) return [place, reachable, ...skipped(later, 'the bus does not answer')];
  const swarm = agent;
  try {
    const word = wordOf(test);
    const looks: Record<(typeof NAMES)[number], () => Promise<Finding>> = {
      rights: () => rights(swarm),
      streams: () => streams(test),
      leader: () => leader(test, swarm),
      durability: async () => durability(await word),
      clock: async () => clockFinding(await word, test.clock),
    };
    const stored = storedChecks(test, swarm);
    const checks = await Promise.all(NAMES.map((name) => look('bus', name, looks[name])));
    return [place, reachable, ...checks, ...(await stored)];
  } finally {
    await swarm.close();
  }
}

const skipped = (names: readonly string[], why: string): Check[] =>
  names.map((name) => ({ category: 'bus', name, ...skip(why) }));

async function speed(bus: Bus, clock: Clock): Promise<Finding> {
  const startedAt = clock.monotonic();
  await bus.flush();
  const tookMs = clock.monotonic() - startedAt;
  const { version, url } = bus.server();
  const oldest = formatNatsVersion(OLDEST_NATS);
  const details = `nats-server ${version} at ${url}, ${tookMs.toFixed(1)} ms there and back`;
  if (compareVersions(version, oldest) < 0)
    return fail(`nats-server ${version} is older than ${oldest}`, details);
  return pass(details);
}

/** An agent must not reach the streams' API: with it, one could speak in another's name (DESIGN 2.2). */
async function rights(agent: Bus): Promise<Finding> {
  try {
    await agent.request('$JS.API.INFO', new Uint8Array(), { timeoutMs: ANSWER_MS });
  } catch (error) {
    if (isWaggleError(error, 'bus-forbidden') || isWaggleError(error, 'bus-timeout'))
      return pass('agents hold no rights on the streams');
    throw error;
  }
  return warn('everybody has every right on this bus (a single account): senders are only believed');
}

async function streams(test: BusUnderTest): Promise<Finding> {
  const names = streamNames(test.project);
  const wanted = {
    core: [names.journal, names.snapshots, names.leaders],
    swarm: [names.mail, names.beat, names.output, names.files],
  };
  const missing: string[] = [];
  let bytes = 0;
  for (const part of ['core', 'swarm'] as const) {
    const bus = await connectAs({ ...test, log: silentLog }, part, AGENT);
    try {
      for (const name of wanted[part]) {
        const info = await bus.streams.info(name);
        if (info === undefined) missing.push(name);
        bytes += info?.bytes ?? 0;
      }
    } catch (error) {
      if (isWaggleError(error, 'bus-forbidden')) return skip('this login may not look at the streams');
      throw error;
    } finally {
      await bus.close();
    }
  }
  const held = `${(bytes / 1024 ** 2).toFixed(1)} MiB held`;
  if (missing.length === 0) return pass(held);
  return warn(`missing: ${missing.join(', ')}; an orchestrator makes them`, held);
}

async function leader(test: BusUnderTest, swarm: Bus): Promise<Finding> {
  const { project, clock } = test;
  const client = createBoardClient({ swarm, project, agent: AGENT, clock, timeoutMs: ANSWER_MS });
  try {
    const status = await client.query<'status'>({ v: 1, kind: 'status' });
    return pass(`${status.leader}, term ${status.term}, journal at ${status.journal_seq}`);
  } catch (thrown) {
    const error = await explained(thrown, test, swarm, AGENT);
    if (isWaggleError(error, 'no-responder') || isWaggleError(error, 'bus-timeout'))
      return fail(
        'no orchestrator leads; `waggle up` or `waggle orchestrator` starts one, and its log says why not',
      );
    throw error;
  }
}

type Word = { readonly word: ServerWord } | { readonly unknown: string };

/** Must not reject: two looks share it. */
async function wordOf({ stateRoot, bus }: BusUnderTest): Promise<Word> {
  try {
    const access = await embeddedAccess(stateRoot, bus.urls);
    if (access === undefined) return { unknown: 'no login of its system account is known here' };
    return { word: await askServer(access) };
  } catch (error) {
    return { unknown: messageOf(error) };
  }
}

/** What the server's own word means for what it has acknowledged. */
export function durability(told: Word): Finding {
  if ('unknown' in told) return warn(`unknown: ${told.unknown}`);
  const { jetstream, version } = told.word;
  if (jetstream === undefined) return warn(`unknown: nats-server ${version} says nothing of its streams`);
  const replicas = jetstream.peers > 1 ? `, a cluster of ${jetstream.peers}` : '';
  return jetstream.syncAlways
    ? pass(`power-loss-safe: each append waits for the disk${replicas}`)
    : pass(`kill-safe: what is acknowledged survives kill -9, not a loss of power${replicas}`);
}

const SKEW_MS = 5_000;

function clockFinding(told: Word, clock: Clock): Finding {
  if ('unknown' in told || told.word.now === undefined) return skip("the server's clock cannot be read");
  const apartMs = Math.abs(clock.now() - told.word.now);
  const details = `${(apartMs / 1_000).toFixed(1)} s apart from the server's`;
  // Nothing hangs on wall clocks but what people read.
  return apartMs > SKEW_MS
    ? warn("this clock and the server's differ; times shown will, too", details)
    : pass(details);
}
