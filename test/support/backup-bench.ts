/**
 * A project at work, what it holds, and servers to restore it onto: for tests of backups.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../../schemas/index.ts';
import { evolveBatch } from '../../shared/board/evolve.ts';
import { type Board, createBoard } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { putFile } from '../../shared/bus/files.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import type { Bus, Stored } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import {
  add,
  claimBy,
  done,
  type Granted,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from './asking.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import { startNatsServer, type TestNatsServer } from './nats-server.ts';
import { project, startHive, type TestHive } from './orchestrator.ts';

export const names = streamNames(project);

export interface BackupBench {
  readonly hive: TestHive;
  readonly line: CommandLine;
  readonly operator: BoardClient;
  readonly ada: Bus;
  /** Where backups go, and a file that `work` stores. */
  readonly file: string;
  readonly data: string;
  /** Closed, claimed and open tasks, a file, and mail with a gap before and one in it; the live grant. */
  work(): Promise<Granted>;
  /** Another server with an empty bus, and a command line for it. */
  elsewhere(): Promise<{ readonly server: TestNatsServer; readonly there: CommandLine }>;
  hiveOn(server: TestNatsServer): Promise<TestHive>;
  /** A connection in CORE, without anything else there. */
  core(server: TestNatsServer): Promise<Bus>;
  close(): Promise<void>;
}

export async function makeBackupBench(): Promise<BackupBench> {
  const ends: (() => unknown)[] = [];
  const hive = await startHive();
  const line = await commandLine(hive.server);
  const operator = await hive.client('operator');
  const ada = await hive.connect('ada');
  const data = join(line.folder, 'data');
  return {
    hive,
    line,
    operator,
    ada,
    data,
    file: join(line.folder, 'all.waggle'),
    async work() {
      await add(operator, plain('closed'));
      await mailReport(ada, 'ada', done(await claimed(ada, 1)));
      await until('it is closed', async () => (await stateOf(operator, 'closed')) === 'closed');
      await add(operator, plain('claimed'), plain('open'));
      const grant = await claimed(ada, 2);
      const swarm = await hive.services('swarm');
      const topic = { kind: 'topic', name: 'talk' } as const;
      const seqs: number[] = [];
      for (const id of ['m1', 'm2', 'm3'])
        seqs.push(await sendMail(ada, project, 'ada', topic, { v: 1, id, kind: 'message', at: 1, body: id }));
      await swarm.streams.purge(names.mail, { before: 3 });
      await swarm.streams.remove(names.mail, seqs[1]!);
      writeFileSync(data, 'x'.repeat(600_000));
      // The second time moves its chunks to the stream's end.
      for (const _ of [1, 2]) await putFile(swarm, project, 'ada', data);
      return grant;
    },
    async elsewhere() {
      const server = await startNatsServer();
      const there = await commandLine(server);
      ends.push(server.stop, there.close);
      return { server, there };
    },
    async hiveOn(server) {
      const other = await startHive({ server: { ...server, stop: async () => {} } });
      ends.push(other.stop);
      return other;
    },
    async core(server) {
      const { url, user, password } = server.core;
      const options = { user, password, name: 'look', inboxPrefix: '_INBOX.look', log: silentLog };
      const bus = await connectBus({ account: 'core', urls: [url], clock: systemClock, ...options });
      ends.push(() => bus.close());
      return bus;
    },
    async close() {
      for (const end of ends.splice(0).toReversed()) await end();
      line.close();
      await hive.stop();
    },
  };
}

/** Ada claims whatever is ready. */
export const claimed = async (bus: Bus, number: number): Promise<Granted> =>
  grantOf(await sendClaim(bus, 'ada', claimBy('ada', { number, wait_ms: 2_000 })));

/** What a stream holds; without what depends on when and how it was stored. */
export async function contentOf(bus: Bus, name: string): Promise<Omit<Stored, 'at'>[]> {
  const found = await bus.streams.page(name, { fromSeq: 1, limit: 1_000 });
  return found.messages.map(({ at: _, headers, ...rest }) => ({
    ...rest,
    headers: Object.fromEntries(Object.entries(headers).filter(([key]) => !key.startsWith('Nats-'))),
  }));
}

/** The board as the whole journal gives it. */
export async function boardOf(core: Bus): Promise<{ readonly board: Board; readonly batches: Batch[] }> {
  const board = createBoard();
  const batches: Batch[] = [];
  await openJournal(core, project, systemClock).fold((batch) => {
    evolveBatch(board, batch);
    batches.push(batch);
  });
  return { board, batches };
}
