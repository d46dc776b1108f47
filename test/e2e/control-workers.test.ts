/**
 * Control commands and agents that beat and hold grants: whom `--all` reaches, what `kill` gives back, and how what a run
 * uses is shown. The agents are doubles that answer; the board is real.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus, Subscription } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { add, claimBy, type Granted, grantOf, plain, sendClaim, until } from '../support/asking.ts';
import { place, project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf } from './commands.ts';

let hive: TestHive;
let commands: Commands;
let operator: BoardClient;
const subscriptions: Subscription[] = [];

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  operator = await hive.client('operator');
  await hive.configure({ roles: { operator: 'operator' } });
});
afterAll(async () => {
  for (const subscription of subscriptions) subscription.close();
  await commands.close();
  await hive.stop();
});

/** A worker that agrees to everything. */
async function worker(name: string): Promise<Bus> {
  const bus = await hive.connect(name);
  const subscription = bus.subscribe(subjectsOf(project).request('control', name));
  subscriptions.push(subscription);
  void (async () => {
    for await (const delivery of subscription) {
      const { payload, headers } = encode('ControlAnswer', { v: 1, status: 'done', applied: 'now' });
      delivery.respond(payload, headers);
    }
  })();
  await bus.flush();
  return bus;
}

function beat(bus: Bus, name: string, grant?: Granted): void {
  const usage = { input_tokens: 12_000, output_tokens: 300 };
  const held =
    grant === undefined
      ? []
      : [
          {
            task: grant.task,
            fence: grant.fence,
            run: grant.run,
            phase: 'run',
            output_bytes: 1,
            profile: 'big',
            usage,
          },
        ];
  const { payload, headers } = encode('Beat', {
    v: 1,
    kind: 'beat',
    role: 'worker',
    incarnation: `1-${name}`,
    place,
    pid: 1,
    version: 'test',
    state: 'working',
    every_ms: 60_000,
    uptime_ms: 1,
    grants: held,
  });
  bus.publish(subjectsOf(project).beat(name), payload, headers);
}

const json = async (...words: string[]) => {
  const { code, stdout } = await commands.waggle([...words, '--json']);
  return { code, value: JSON.parse(stdout) };
};

test('every worker that is heard of is told, what a run uses is shown, and kill names what goes back', async () => {
  const [one, two] = [await worker('w1'), await worker('w2')];
  await add(operator, plain('parser'));
  const grant = grantOf(await sendClaim(one, 'w1', claimBy('w1', { wait_ms: 2_000 })));
  beat(one, 'w1', grant);
  beat(two, 'w2');
  await until('both beats are read', async () => {
    const { value } = await json('ps');
    return ['w1', 'w2'].every((name) =>
      value.agents.some(
        (agent: { name: string; beat_age_ms?: number }) =>
          agent.name === name && agent.beat_age_ms !== undefined,
      ),
    );
  });
  expect((await commands.waggle(['ps'])).stdout).toMatch(/w1 +worker +working +parser +run +big +12\.3k /);
  expect(await json('pause', '--all', '--for', '5m')).toEqual({
    code: 0,
    value: [
      { agent: 'w1', status: 'done', applied: 'now' },
      { agent: 'w2', status: 'done', applied: 'now' },
    ],
  });
  expect(await commands.waggle(['kill', 'w1', 'w2'])).toMatchObject({
    code: 0,
    stdout: 'w1: applied now; parser goes back\nw2: applied now\n',
  });
  expect((await json('kill', 'w1')).value).toEqual([
    { agent: 'w1', status: 'done', applied: 'now', tasks: ['parser'] },
  ]);
});
