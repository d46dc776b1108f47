/**
 * What stands on the bus: journal, snapshots, election keys, the files that tasks hang on, and what was refused. Reads
 * only, and each look to a bound; what this login may not see is skipped.
 */
import { createBoardClient } from '../../../shared/bus/board-client.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { createReader } from '../../../shared/bus/read-client.ts';
import { isWaggleError, messageOf } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { connectAs } from '../../../shared/service/context.ts';
import type { BusUnderTest } from './bus-under-test.ts';
import { lookAtElections } from './elections.ts';
import { lookAtJournal } from './journal.ts';
import { type Check, type Finding, look, pass, skip, warn } from './report.ts';
import { lookAtSnapshots, type SnapshotsSeen } from './snapshots.ts';
import { lookAtStoredFiles } from './stored-files.ts';

export const storedNames = ['snapshots', 'journal', 'elections', 'stored files', 'refused'] as const;

const ANSWER_MS = 2_000;
const AGENT = 'doctor';

/** `swarm`: a connection as an agent. */
export async function storedChecks(test: BusUnderTest, swarm: Bus): Promise<readonly Check[]> {
  const { project, clock } = test;
  let why = '';
  const core = await connectAs({ ...test, log: silentLog }, 'core', AGENT).catch((error: unknown) => {
    why = messageOf(error);
    return undefined;
  });
  const client = createBoardClient({ swarm, project, agent: AGENT, clock, timeoutMs: ANSWER_MS });
  const withCore = (use: (bus: Bus) => Promise<Finding>) => () =>
    core === undefined ? skip(`the core account cannot be read: ${why}`) : allowed(() => use(core));
  const stored = async (): Promise<Check[]> => {
    let seen: SnapshotsSeen | undefined;
    const snapshots = withCore(async (bus) => {
      seen = await lookAtSnapshots(bus, project);
      return seen.finding;
    });
    return [
      await look('bus', 'snapshots', snapshots),
      // It is read from the newest of them on.
      await look(
        'bus',
        'journal',
        withCore((bus) => lookAtJournal({ core: bus, project, from: seen?.newest })),
      ),
      await look(
        'bus',
        'elections',
        withCore((bus) => lookAtElections(bus, project)),
      ),
    ];
  };
  const files = () => lookAtStoredFiles(client, createReader(swarm, project, AGENT));
  const counted = async () => refused((await client.query<'status'>({ v: 1, kind: 'status' })).refused);
  try {
    const parts = await Promise.all([
      stored(),
      look('bus', 'stored files', () => allowed(files)),
      look('bus', 'refused', () => allowed(counted)),
    ]);
    return parts.flat();
  } finally {
    await core?.close();
  }
}

/** What cannot be looked at is skipped: other checks say that nobody leads, or that streams are missing. */
async function allowed(find: () => Promise<Finding>): Promise<Finding> {
  try {
    return await find();
  } catch (error) {
    if (isWaggleError(error, 'bus-forbidden')) return skip('this login may not look at that');
    if (isWaggleError(error, 'stream-missing')) return skip('there is none, or this login does not see it');
    if (isWaggleError(error, 'no-responder') || isWaggleError(error, 'bus-timeout'))
      return skip('nobody leads who could tell');
    throw error;
  }
}

/** Messages that were none, by the door that they came to. */
function refused(counts: Readonly<Record<string, number>>): Finding {
  const shown = Object.entries(counts).map(([what, count]) => `${count} of ${what}`);
  if (shown.length === 0) return pass('nothing since this leader began');
  return warn(
    `messages that cannot be read came in: ${shown.join(', ')}`,
    'since this leader began; each changed nothing',
    "the orchestrator's log (`.waggle/logs/orchestrator.log` of `waggle up`) names each sender once: end or update that client",
  );
}
