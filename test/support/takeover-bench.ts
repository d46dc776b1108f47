/**
 * A hive with a short lease whose takeovers a test watches.
 */
import type { Batch, BoardConfig, EventOf, Policies } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { journalOf, until } from './asking.ts';
import { project, startHive, type TestHive } from './orchestrator.ts';
import { type TestTakers, takersOn } from './takers.ts';

export const LEASE_MS = 1_200;
export const BEAT_MS = LEASE_MS / 3;

const roles: BoardConfig['roles'] = {
  operator: 'operator',
  taker: 'stale-takeover',
  'taker-2': 'stale-takeover',
};

export interface TakeoverBench {
  readonly hive: TestHive;
  readonly takers: TestTakers;
  readonly client: BoardClient;
  readonly reader: Reader;
  configure(policies: Partial<Policies>): Promise<void>;
  taken(): Promise<EventOf<'taken_over'>[]>;
  /** The batch that took the grant; waits for it. */
  takenWithin(fence: number, ms: number): Promise<Batch>;
  /** The state in the last beat of a name. */
  beatOf(name: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function startTakeoverBench(): Promise<TakeoverBench> {
  const hive = await startHive();
  const takers = takersOn(hive);
  const client = await hive.client('operator');
  const reader = createReader(await hive.connect('watcher'), project, 'watcher');
  const batches = async () => (await journalOf(client)).map(({ batch }) => batch);
  const takenIn = ({ events }: Batch) => events.filter((event) => event.type === 'taken_over');
  const configure = (policies: Partial<Policies>) =>
    hive.configure({ roles, policies: { ...emptyConfig.policies, lease_ms: LEASE_MS, ...policies } });
  await configure({});
  return {
    hive,
    takers,
    client,
    reader,
    configure,
    taken: async () => (await batches()).flatMap(takenIn),
    takenWithin: (fence, ms) =>
      until(
        `fence ${fence} is taken`,
        async () => (await batches()).find((batch) => takenIn(batch).some((one) => one.fence === fence)),
        ms,
      ),
    beatOf: async (name) => (await reader.beats()).beats.find(({ agent }) => agent === name)?.beat.state,
    async stop() {
      await takers.stop();
      await hive.stop();
    },
  };
}
