/**
 * Runs of one task each, by a real worker and a real harness, whose harness speaks over the socket of its run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { randomId } from '../../shared/random.ts';
import { add, eventsOf, mailReport, until } from './asking.ts';
import { project, startHive, type TestHive } from './orchestrator.ts';
import { gitIn, makeRepository, temporaryFolder } from './repository.ts';
import { type CommandFields, roles, startSwarm, type TestSwarm } from './swarm.ts';

export interface Ran {
  readonly task: Task;
  readonly agent: string;
  /** What the harness was answered over its socket. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
  readonly answers: any[];
  readonly output: string;
}

export interface SocketRuns {
  readonly folder: string;
  readonly hive: TestHive;
  readonly swarm: TestSwarm;
  readonly client: BoardClient;
  /** Mail of the operator. */
  readonly operator: MailDesk;
  /** Runs one task with one worker (default: one of its own), to the end of the run. */
  run(
    script: string,
    spec?: Partial<TaskSpec>,
    profile?: Partial<CommandFields>,
    name?: string,
  ): Promise<Ran>;
  /** The id of the task that `run` adds next. */
  nextId(): string;
  /** A line of a script that says these requests over the socket, and prints the answers. */
  says(...requests: readonly object[]): string;
  view(id: string): Promise<Task>;
  /** The words of progress that the board knows of. */
  notes(id: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Says each line of its standard input over the socket, and prints what it is answered. */
const SPEAKER = `
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
const socket = connect(process.env.WAGGLE_SOCKET);
const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
for await (const line of createInterface({ input: process.stdin })) {
  socket.write(line + '\\n');
  console.log((await answers.next()).value);
}
socket.destroy();
`;

/** A profile whose harness is that script; `$0` is the prompt. */
export const sh = (script: string): Pick<CommandFields, 'command'> => ({
  command: ['sh', '-c', script, '{prompt_file}'],
});

export async function startSocketRuns(): Promise<SocketRuns> {
  const folder = temporaryFolder();
  const hive = await startHive();
  const speaker = join(folder.path, 'speaker.mjs');
  writeFileSync(speaker, SPEAKER);
  const home = makeRepository(join(folder.path, 'home'), { 'a.txt': 'as it was\n' });
  await hive.configure({
    roles,
    policies: { ...emptyConfig.policies, max_attempts: 1 },
    lanes: { main: { home, base: 'HEAD', branch: 'waggle/main', gates: [] } },
    gates: { 'VG-YES': { name: 'VG-YES', run: 'true', timeout_ms: 60_000 } },
  });
  const client = await hive.client('operator');
  const committer = await hive.connect('committer');
  const tip = gitIn(home, 'rev-parse', 'HEAD');
  await mailReport(committer, 'committer', { v: 1, kind: 'lane', id: 'lane', lane: 'main', tip });
  const swarm = await startSwarm(hive);
  const operator = createBusDesk({
    swarm: await hive.connect('operator'),
    project,
    agent: 'operator',
    clock: systemClock,
    randomId,
    identity: 'operator',
    host: 'box',
  });
  let count = 0;
  const view = async (id: string) => (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
  return {
    folder: folder.path,
    hive,
    swarm,
    client,
    operator,
    view,
    nextId: () => `t-${count + 1}`,
    says: (...requests) =>
      `node "${speaker}" <<'END'\n${requests.map((request) => JSON.stringify(request)).join('\n')}\nEND\n`,
    async run(script, spec = {}, profile = {}, name) {
      count += 1;
      const id = `t-${count}`;
      const agent = name ?? `w-${count}`;
      const worker = await swarm.worker(agent, { ...sh(script), ...profile });
      await add(client, { id, title: `Task ${count}`, expects: 'none', ...spec });
      await until(
        `${id} has been worked on`,
        async () => !['open', 'claimed'].includes((await view(id)).state),
      );
      await worker.drain();
      const task = await view(id);
      const log = join(swarm.folder, agent, 'runs', task.last_end?.run ?? '', 'output.log');
      const output = readFileSync(log, 'utf8');
      const answers = output
        .split('\n')
        .filter((line) => line.startsWith('{"'))
        .map((line) => JSON.parse(line));
      return { task, agent, answers, output };
    },
    async notes(id) {
      const events = await eventsOf(client);
      return events.flatMap((event) =>
        event.type === 'progressed' && event.task === id ? [event.note] : [],
      );
    },
    async stop() {
      await operator.close();
      await swarm.stop();
      await hive.stop();
      folder.remove();
    },
  };
}
