/**
 * `waggle inbox`, `answer`, `events`, `runs`, `run show`, `format` and `drain` against a real orchestrator.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveControl } from '../../shared/agent/control-desk.ts';
import { FORMAT } from '../../shared/board/format.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import {
  about,
  add,
  claimBy,
  done,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { type CommandLine, commandLine, records } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
let line: CommandLine;
let operator: BoardClient;
let ada: Bus;
let claims = 0;

beforeAll(async () => {
  // The journal is counted: no stall of the machine may end a term.
  hive = await startHive({ more: { electionLeaseMs: 6_000 } });
  line = await commandLine(hive.server);
  operator = await hive.client('operator');
  ada = await hive.connect('ada');
  await hive.configure({ roles: { operator: 'operator' } });
});
afterAll(async () => {
  line.close();
  await hive.stop();
});

const inbox = { kind: 'agent', name: 'orchestrator' } as const;
const write = (body: string, kind: 'message' | 'notice' = 'message') =>
  sendMail(ada, project, 'ada', inbox, { v: 1, id: randomId(), kind, at: Date.now(), body });
const text = async (...words: string[]) => {
  const { code, stdout, stderr } = await line.run(words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};
/** Ada claims the only ready task. */
async function claimed() {
  claims += 1;
  return grantOf(await sendClaim(ada, 'ada', claimBy('ada', { number: claims, wait_ms: 2_000 })));
}
/** A task that Ada has claimed and given up with a question. */
async function blockedTask(id: string) {
  await add(operator, plain(id));
  const grant = await claimed();
  await mailReport(ada, 'ada', {
    ...about(grant),
    kind: 'blocked',
    outcome: 'needs_input',
    reason: 'which of the two?',
  });
  await until(`${id} is blocked`, async () => (await stateOf(operator, id)) === 'blocked');
  return grant;
}
const taskOf = async (id: string) => (await operator.query<'task'>({ v: 1, kind: 'task', id })).view.task;

describe('the inbox', () => {
  test('shows messages, newest last, with notices on demand and reports never', async () => {
    await write('first question\nwith a second line');
    await write('a notice', 'notice');
    await write('second question');
    expect(await text('inbox')).toMatch(
      /^\d{8}-\d{6}-\d{4} {2}ada {2}.+ {2}first question\n {2}with a second line\n\d{8}-\d{6}-\d{4} {2}ada {2}.+ {2}second question\n$/,
    );
    expect(await text('inbox', '-n', '1')).toMatch(/second question\n$/);
    expect(await text('inbox', '--all')).toContain('a notice');
    const shown = records(await text('inbox', '--json'));
    expect(shown.map(({ from, kind, body }) => [from, kind, body])).toEqual([
      ['ada', 'message', 'first question\nwith a second line'],
      ['ada', 'message', 'second question'],
    ]);
    expect(await text('inbox', '--since', 'now')).toBe('no message came since now\n');
  });

  test('follows what comes', async () => {
    const stop = new AbortController();
    const running = line.run(['inbox', '-f', '-n', '1', '--json'], {
      signal: stop.signal,
      onOutput: (all) => {
        if (all.includes('followed')) stop.abort();
      },
    });
    await until('it listens', async () => {
      await write('followed');
      return stop.signal.aborted;
    });
    expect(records((await running).stdout).at(-1)).toMatchObject({ body: 'followed' });
  });
});

describe('an answer', () => {
  test('opens a blocked task, with the answer attached for its next run', async () => {
    await blockedTask('question-1');
    expect(await text('answer', 'question', 'the', 'second', 'one')).toBe(
      'question-1 is open again, with the answer attached\n',
    );
    const grant = await claimed();
    expect(grant).toMatchObject({ task: 'question-1' });
    expect('attachments' in grant && grant.attachments.at(-1)).toMatchObject({
      kind: 'answer',
      text: 'the second one',
    });
    const busy = await line.json('answer', 'question-1', 'and quickly');
    expect(busy).toEqual({ answered: 'task', task: 'question-1', state: 'claimed' });
    await mailReport(ada, 'ada', done(grant));
    await until('it is closed', async () => (await stateOf(operator, 'question-1')) === 'closed');
    const late = await line.run(['answer', 'question-1', 'too late']);
    expect([late.code, late.stderr]).toEqual([1, expect.stringMatching(/question-1 is closed; .*reopen/)]);
  });

  test('may come from a pipe, and to the mail in which the orchestrator asks', async () => {
    await blockedTask('question-2');
    const asked = await until('the inbox has the escalation', async () =>
      records(await text('inbox', '--json')).find(({ body }) => body.startsWith('question-2 needs input')),
    );
    const piped = await line.run(['answer', asked.id, '--json'], { input: 'from a pipe\n' });
    expect(JSON.parse(piped.stdout)).toMatchObject({ task: 'question-2', state: 'open' });
    expect((await taskOf('question-2')).attachments.at(-1)).toMatchObject({ text: 'from a pipe' });
    await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: 'question-2' });
  });

  test('to a mail goes back to its sender, naming what it answers', async () => {
    const seq = await write('may I?');
    const { id } = records(await text('inbox', '-n', '1', '--json'))[0];
    expect(await text('answer', String(seq), 'you may')).toMatch(/ sent to @ada\n$/);
    expect(await text('answer', id, 'indeed')).toMatch(/ sent to @ada\n$/);
    const back = await hive.services('swarm').then(async (bus) => {
      const page = await bus.streams.page(`WG_${project}_MAIL`, {
        fromSeq: seq + 1,
        subject: `wg.${project}.mail.operator.agent.ada`,
        limit: 10,
      });
      return page.messages.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()));
    });
    expect(back.map(({ body, reply_to, kind }) => [body, reply_to, kind])).toEqual([
      ['you may', id, 'message'],
      ['indeed', id, 'message'],
    ]);
  });

  test('for something that could be two things names both', async () => {
    const seq = await write('a question with a number');
    await add(operator, plain(`${seq}-a`), plain(`${seq}-b`));
    const { code, stdout } = await line.run(['answer', String(seq), 'x', '--json']);
    const { error } = JSON.parse(stdout);
    expect([code, error.details.reason]).toEqual([1, 'ambiguous']);
    expect(error.details.candidates).toEqual([`${seq}-a`, `${seq}-b`, expect.stringContaining(`-`)]);
    for (const id of [`${seq}-a`, `${seq}-b`])
      await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: id });
  });

  test.each([
    [['answer', 'nobody', 'x'], 1, /there is no task nobody.*`waggle inbox`/],
    [['answer', 'nobody'], 2, /message body is required/],
    [['answer', 'nobody', 'x', '-f', 'file'], 2, /got both/],
    [['answer', 'nobody', '-f', 'absent-file'], 2, /absent-file.*no such file/i],
    [['answer', '20200101-000000-0001', 'x'], 1, /no such mail/],
  ])('%j is told what was expected', async (words, code, message) => {
    const said = await line.run(words);
    expect([said.code, said.stderr]).toEqual([code, expect.stringMatching(message)]);
  });

  test('to a notice is refused: nobody waits for it', async () => {
    const seq = await write('only a notice', 'notice');
    const said = await line.run(['answer', String(seq), 'thanks']);
    expect([said.code, said.stderr]).toEqual([
      1,
      expect.stringContaining('is a notice of ada: nobody waits'),
    ]);
  });
});

describe('events', () => {
  test('are printed newest last, by task, type and number', async () => {
    await add(operator, plain('told'));
    await operator.command({ v: 1, kind: 'block', id: randomId(), task: 'told', reason: 'not now' });
    const lines = (await text('events', '--task', 'told')).trimEnd().split('\n');
    expect(lines.map((one) => one.split('  ').slice(2, 4))).toEqual([
      ['task added', 'told'],
      ['answered', 'add by operator: told'],
      ['task moved', 'told'],
      ['answered', 'block by operator: told'],
    ]);
    const typed = records(await text('events', '--type', 'task_moved,task-added', '-n', '2', '--json'));
    expect(typed).toMatchObject([
      { type: 'task_added', task: 'told', by: 'operator', added: { title: expect.any(String) } },
      { type: 'task_moved', task: 'told', to: 'blocked', reason: 'not now' },
    ]);
    const all = records(await text('events', '-n', '0', '--json'));
    expect(all[0]).toMatchObject({ seq: 1, type: 'genesis' });
    expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
    expect(records(await text('events', '--json'))).toEqual(all.slice(-20));
    expect(await text('events', '--since', 'now')).toBe('no such event\n');
    const wrong = await line.run(['events', '--type', 'task_ended']);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('no type is called `task_ended`'),
    ]);
  });

  test('are followed, also over a change of the leader', async () => {
    const stop = new AbortController();
    let begun = false;
    const running = line.run(['events', '-f', '-n', '1', '--json'], {
      signal: stop.signal,
      onOutput: (all) => {
        begun = true;
        if (all.includes('followed-2')) stop.abort();
      },
    });
    await until('it follows', () => begun);
    await add(operator, plain('followed-1'));
    await hive.restartOrchestrator();
    await add(operator, plain('followed-2'));
    const { code, stdout } = await running;
    const seen = records(stdout).slice(1);
    expect(code).toBe(0);
    expect(seen.map(({ type }) => type).filter((type) => ['task_added', 'led'].includes(type))).toEqual([
      'task_added',
      'led',
      'task_added',
    ]);
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(seen.length);
    for (const task of ['followed-1', 'followed-2'])
      await operator.command({ v: 1, kind: 'cancel', id: randomId(), task });
  });
});

describe('runs', () => {
  test('are listed newest first, and one is shown with its events', async () => {
    const blocked = await blockedTask('run-1');
    await text('answer', 'run-1', 'go on');
    const live = await claimed();
    const listed = await line.json('runs', '--task', 'run-1');
    expect(listed).toMatchObject([
      { fence: live.fence, task: 'run-1', agent: 'ada' },
      { fence: blocked.fence, why: 'blocked', outcome: 'needs_input', to: 'blocked' },
    ]);
    expect(listed[0].ended_at).toBeUndefined();
    expect(await line.json('runs', '--live')).toMatchObject([{ fence: live.fence }]);
    expect(await line.json('runs', '-n', '1', '--agent', 'ada')).toHaveLength(1);
    expect(await text('runs', '--task', 'run-1')).toMatch(/FENCE {2}TASK[\s\S]* live [\s\S]* needs_input /);
    expect(await text('runs', '--agent', 'nobody')).toBe('no such run\n');

    const shown = await line.json('run', 'show', String(blocked.fence));
    expect(shown).toMatchObject({ run: blocked.run, log: `waggle logs run-1 --run ${blocked.run}` });
    expect(shown.events.map(({ type }: { type: string }) => type)).toEqual(['granted', 'grant_ended']);
    expect(shown.events_whole).toBe(true);
    const told = await text('run', 'show', live.run);
    expect(told).toMatch(/^.+\n\ntask +run-1\n[\s\S]*ended +not yet\n[\s\S]*events\n {2}.*granted {2}run-1/);
    const many = await line.run(['run', 'show', live.run.slice(0, 6)]);
    expect([many.code, many.stderr]).toEqual([1, expect.stringMatching(/could be .*; give the fence/)]);
    const none = await line.run(['run', 'show', 'zzz']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no run zzz')]);
    await mailReport(ada, 'ada', done(live));
    await until('it is closed', async () => (await stateOf(operator, 'run-1')) === 'closed');
  });
});

describe('format', () => {
  test('is shown, and neither lowered nor raised beyond what this version writes', async () => {
    expect(await line.json('format')).toEqual({ format: FORMAT, known: FORMAT, raised: false });
    const said = `the journal is in format ${FORMAT}\n`;
    expect(await text('format')).toBe(said);
    expect(await text('format', String(FORMAT))).toBe(said);
    for (const [to, message] of [
      ['1', /no way back to 1/],
      ['99', new RegExp(`writes format ${FORMAT} at most`)],
    ] as const) {
      const { code, stderr } = await line.run(['format', to]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
  });
});

describe('drain', () => {
  test('reaches those who run, and says who does not', async () => {
    let drained = 0;
    const desk = serveControl({
      swarm: await hive.connect('bob'),
      project,
      agent: 'bob',
      held: () => [],
      orders: {
        drain: () => {
          drained += 1;
        },
        stop: () => 'now',
        kill: () => undefined,
        pause: () => 'now',
        resume: () => false,
      },
      log: silentLog,
    });
    await until('bob is reached', async () => (await line.run(['drain', 'bob'])).code === 0);
    const both = await line.run(['drain', 'bob', 'nobody', '--json']);
    expect(both.code).toBe(1);
    expect(JSON.parse(both.stdout)).toEqual([
      { agent: 'bob', status: 'draining' },
      { agent: 'nobody', status: 'absent' },
    ]);
    expect(drained).toBeGreaterThanOrEqual(2);
    expect((await line.run(['drain', 'No Name'])).code).toBe(2);
    await desk.stop();
  });
});

test('a title may begin with a dash behind --', async () => {
  expect(await text('task', 'add', '--id', 'dashed', '--expects', 'none', '--', '-v is a flag')).toContain(
    'added dashed',
  );
  expect((await taskOf('dashed')).title).toBe('-v is a flag');
  const plainTitle = await text(
    'task',
    'add',
    'plain title',
    '--id',
    'undashed',
    '--expects',
    'none',
    '--json',
  );
  expect(JSON.parse(plainTitle).data).toMatchObject({ id: 'undashed' });
  const unknown = await line.run(['task', 'add', '-v is a flag']);
  expect(unknown.code).toBe(2);
});
