/**
 * Runs of one task each, by a real worker whose harness is a real coding agent, on a real bus with a real committer.
 * The model is a script.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventOf, Task, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { systemClock } from '../../shared/clock.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { randomId } from '../../shared/random.ts';
import { add, eventsOf, until } from '../support/asking.ts';
import { type ModelEndpoint, startModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import type { Turn } from '../support/model-endpoint/script.ts';
import { project, startHive } from '../support/orchestrator.ts';
import { makeRepository, temporaryFolder } from '../support/repository.ts';
import { roles, startSwarm } from '../support/swarm.ts';
import type { Harness, Printed } from './harness.ts';

const DIST = fileURLToPath(new URL('../../dist/services/cli/', import.meta.url));
const RUN_MS = 90_000;

type Grant = EventOf<'granted'>['grant'];

export interface RealRun {
  readonly agent: string;
  readonly task: Task;
  /** Its only grant of work. */
  readonly granted: Grant;
  /** Of the committer, in order. */
  readonly commitGrants: readonly Grant[];
  /** As the worker composed it. */
  readonly prompt: string;
  /** What the model was asked, and what it said it used. */
  readonly model: Pick<ModelEndpoint, 'asked' | 'reported' | 'strangers' | 'left' | 'beyond'>;
  readonly output: string;
  /** The lines of `output` that are JSON. */
  readonly events: readonly Printed[];
}

export interface RealRuns {
  readonly repository: string;
  /** Mail of the operator. */
  readonly operator: MailDesk;
  /** Runs one task, to its end, with a worker of its own. */
  run(script: readonly Turn[], spec?: Partial<TaskSpec>): Promise<RealRun>;
  /** The name of the worker that `run` starts next. */
  nextAgent(): string;
  /** The words of progress that the board knows of. */
  notes(id: string): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startRealRuns(harness: Harness, program: string): Promise<RealRuns> {
  const folder = temporaryFolder('waggle-harness-');
  const repository = makeRepository(join(folder.path, 'home'), { 'a.txt': 'as it was\n' });
  const path = [commandFolder(join(folder.path, 'bin')), process.env['PATH'] ?? ''].join(delimiter);
  const hive = await startHive();
  await hive.configure({
    roles,
    policies: { ...emptyConfig.policies, max_attempts: 1 },
    lanes: { main: { home: repository, base: 'HEAD', branch: 'waggle/main', gates: [] } },
  });
  const client = await hive.client('operator');
  const swarm = await startSwarm(hive);
  await swarm.committer();
  const operator = createBusDesk({
    swarm: await hive.connect('operator'),
    project,
    agent: 'operator',
    clock: systemClock,
    randomId,
    identity: 'operator',
    host: 'here',
  });
  let count = 0;
  return {
    repository,
    operator,
    async run(script, spec = {}) {
      count += 1;
      const id = `t-${count}`;
      const agent = `w-${count}`;
      const home = mkdtempSync(join(folder.path, 'agent-'));
      const model = await startModelEndpoint(script);
      try {
        const { command, set } = harness.profile({ program, home, endpoint: model.url });
        // Some leave what they unpack there.
        const TMPDIR = join(home, 'tmp');
        mkdirSync(TMPDIR);
        const all = { ...set, ...onlyHere(model.url), HOME: home, PATH: path, TMPDIR };
        const worker = await swarm.worker(agent, { command, prompt: 'stdin', set: all, timeoutMs: RUN_MS });
        await add(client, { id, title: `Task ${count}`, body: 'Do it.', ...spec });
        const task = await until(
          `${id} has come to its end`,
          async () => {
            const now = (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
            return ['closed', 'failed', 'blocked'].includes(now.state) && now;
          },
          RUN_MS + 20_000,
        );
        await worker.drain();
        const grants = (await eventsOf(client)).flatMap((event) =>
          event.type === 'granted' && event.task === id ? [event.grant] : [],
        );
        const [granted, second] = grants.filter(({ kind }) => kind === 'work');
        if (granted === undefined || second !== undefined) throw new Error(`${id} was not granted once`);
        const commitGrants = grants.filter(({ kind }) => kind === 'commit');
        const records = join(swarm.folder, agent, 'runs', granted.run);
        const prompt = readFileSync(join(records, 'prompt.md'), 'utf8');
        const output = readFileSync(join(records, 'output.log'), 'utf8');
        const events = jsonLines(output);
        return { agent, task, granted, commitGrants, prompt, model, output, events };
      } finally {
        await model.close();
      }
    },
    nextAgent: () => `w-${count + 1}`,
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

/** Whatever is asked for elsewhere is asked for at the model's endpoint, which refuses it by name. */
const onlyHere = (url: string) => ({
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  http_proxy: url,
  https_proxy: url,
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
});

/** `waggle` and `fmail` of this checkout, as an installation puts them onto PATH. */
function commandFolder(folder: string): string {
  mkdirSync(folder);
  for (const name of ['waggle', 'fmail']) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(DIST, `${name}.js`)}" "$@"\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}

const jsonLines = (output: string): Printed[] =>
  output.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
