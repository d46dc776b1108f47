/**
 * `fmail`'s commands beyond the seed's, against a real hive: inbox, read, ack, trace, thread, search and dead
 * letters, over the bus and over an agent's socket.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/asking.ts';
import type { Said } from '../support/command-line.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { steady } from './commands.ts';
import { type Ways, waysTo } from './fmail-ways.ts';

let hive: TestHive;
let ways: Ways;

beforeAll(async () => {
  hive = await startHive();
  ways = waysTo(hive);
});
afterAll(async () => {
  await ways.close();
  await hive.stop();
});

const printed = (stdout: string): Said => ({ code: 0, stdout, stderr: '' });

describe.each(['bus', 'socket'] as const)('over the %s', (name) => {
  const [ann, ben] = [`ann-${name}`, `ben-${name}`];
  const by = (agent: string, ...args: string[]) => ways[name].fmail(args, { agent });
  const send = async (agent: string, ...args: string[]) => {
    const said = await by(agent, 'send', ...args);
    expect(said).toEqual(printed(expect.stringMatching(/^\S+\n$/)));
    return said.stdout.trim();
  };
  let first: string;
  let asking: string;

  beforeAll(async () => {
    await by(ann, 'register', ann);
    await by(ben, 'register', ben);
    first = await send(ben, `@${ann}`, 'two\nlines', '-p', 'high', '-t', 'a,b');
    asking = await send(ben, `@${ann}`, '{"ok": true}', '--ack-required', '--deadline', '5m');
  });

  test('an inbox marks what is unread and what waits to be acknowledged', async () => {
    expect(await by(ann, 'inbox')).toEqual(
      printed(`* ${first} ${ben} -> @${ann}: two\nlines\n! ${asking} ${ben} -> @${ann}: {"ok":true}\n`),
    );
    const { stdout } = await by(ann, 'inbox', '--json', '-n', '1');
    expect(JSON.parse(stdout)).toMatchObject({
      id: asking,
      body: { ok: true },
      ack_within_ms: 300_000,
      state: 'unread',
    });
    expect(await by(ben, 'inbox')).toEqual(printed(''));
  });

  test('a message is read whole, and acknowledged', async () => {
    const { code, stdout } = await by(ann, 'read', first);
    expect(code).toBe(0);
    const shown = steady(stdout)
      .replaceAll(/DATE-\d+/g, 'ID')
      .replace(/ on .*/, ' on HOST');
    expect(shown).toBe(
      `id:       ID\nfrom:     ${ben} on HOST\nto:       @${ann}\ntime:     TIME\npriority: high\ntags:     a, b\n\ntwo\nlines\n`,
    );
    const bare = String(Number(asking.split('-')[2]));
    const { stdout: json } = await by(ann, 'read', bare, '--json');
    expect(JSON.parse(json)).toMatchObject({ id: asking, body: { ok: true } });
    expect((await by(ann, 'inbox')).stdout).toBe(
      `  ${first} ${ben} -> @${ann}: two\nlines\n! ${asking} ${ben} -> @${ann}: {"ok":true}\n`,
    );
    expect(await by(ann, 'ack', asking)).toEqual(printed(`${asking}\n`));
    expect((await by(ann, 'inbox', '-n', '1')).stdout).toBe(`  ${asking} ${ben} -> @${ann}: {"ok":true}\n`);
    expect(await by(ann, 'inbox', '--unread')).toEqual(printed(''));
  });

  test('its sender sees what became of it', async () => {
    const { code, stdout } = await by(ben, 'trace', asking);
    expect(code).toBe(0);
    const [title, head, ...steps] = stdout.trimEnd().split('\n');
    expect(title).toBe(`${asking} ${ben} -> @${ann}: {"ok":true}`);
    expect(head).toMatch(/^STATE +TIME +BY +NOTE$/);
    const states = steps.map((step) => step.replace(/ +-$/, '').replace(/ +\S+Z +/, ' '));
    expect(states[0]).toBe(`stored ${ben}`);
    expect(states).toContain(`read ${ann}`);
    expect(states.at(-1)).toBe(`acknowledged ${ann}`);
    const { stdout: json } = await by(ben, 'trace', asking, '--json');
    const trace = JSON.parse(json);
    expect(trace.record.id).toBe(asking);
    expect(trace.steps.at(-1)).toEqual({ state: 'acknowledged', by: ann, time: expect.stringMatching(/Z$/) });
  });

  test('what waits says until when', async () => {
    const waiting = await send(ann, `@${ben}`, 'well?', '--deadline', '5m');
    const trace = await until('its letter is on the board', async () => {
      const { stdout } = await by(ann, 'trace', waiting);
      return stdout.includes('waiting') ? stdout : undefined;
    });
    expect(trace).toMatch(/^waiting +- +@ben-\w+ +not delivered yet; to be acknowledged by \S+Z$/m);
  });

  test('a conversation is found from any part of it', async () => {
    const place_ = `talk-${name}`;
    const root = await send(ann, place_, 'question');
    const answer = await send(ben, place_, 'answer', '-r', root);
    await send(ben, place_, 'aside');
    const thanks = await send(ann, `@${ben}`, 'thanks', '-r', answer);
    const whole = `${root} ${ann} -> ${place_}: question\n${answer} ${ben} -> ${place_}: answer\n${thanks} ${ann} -> @${ben}: thanks\n`;
    for (const id of [root, answer, thanks]) expect(await by(ben, 'thread', id)).toEqual(printed(whole));
    const { stdout } = await by(ben, 'thread', root, '--json');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text).id),
    ).toEqual([root, answer, thanks]);
  });

  test('messages are found by what they hold', async () => {
    const topic = `find-${name}`;
    const ids = [
      await send(ann, topic, `The Parser of ${name}`),
      await send(ben, `@${ann}`, `parser OF ${name} too`),
      await send(ben, topic, `PARSER of ${name} again`),
    ];
    const found = async (...args: string[]) =>
      (await by(ann, 'search', `parser of ${name}`, ...args)).stdout
        .split('\n')
        .flatMap((text) => text.split(' ')[0] || []);
    expect(await found()).toEqual(ids);
    expect(await found(topic)).toEqual([ids[0], ids[2]]);
    expect(await found(`@${ann}`)).toEqual([ids[1]]);
    expect(await found('-n', '1')).toEqual([ids[2]]);
    expect(await found('--from', ann)).toEqual([ids[0]]);
    expect(await by(ann, 'search', 'nothing holds this')).toEqual(printed(''));
    expect(await by(ann, 'search', ' ')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Error: expected a text to search for\n',
    });
  });

  test('what nobody can read is a dead letter, which goes to somebody else', async () => {
    const lost = await send(ben, `@nobody-${name}`, 'anybody?');
    const [, list] = await until('it is given up', async () => {
      const { stdout } = await by(ben, 'dead-letters');
      return stdout.includes(lost) ? ([true, stdout] as const) : undefined;
    });
    expect(list).toContain(`unknown ${lost} ${ben} -> @nobody-${name}: anybody?\n`);
    expect((await by(ben, 'trace', lost)).stdout).toMatch(
      /^dead +- +@nobody-\w+ +nobody of that name was ever seen; /m,
    );
    const { stdout: json } = await by(ben, 'dead-letters', '--json');
    const letters = json
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(letters.find(({ id }) => id === lost)).toMatchObject({ to: `@nobody-${name}`, why: 'unknown' });
    const { code, stdout } = await by(ben, 'redeliver', lost, '--to', ann);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d{8}-\d{6}-\d{4,}\n$/)]);
    expect((await by(ann, 'inbox')).stdout).toContain(`* ${stdout.trim()} ${ben} -> @${ann}: anybody?\n`);
    await until(
      'it is dead no more',
      async () => !(await by(ben, 'dead-letters')).stdout.includes(lost) || undefined,
    );
  });

  test.each(['read', 'ack', 'trace', 'thread', 'redeliver'])(
    '%s of a message that is not there says so',
    async (command) => {
      const { code, stdout, stderr } = await by(ann, command, '20260209-120000-999999');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^Error: .*999999/);
      const odd = await by(ann, command, 'yesterday', '--json');
      expect([odd.code, JSON.parse(odd.stdout).error]).toMatchObject([
        1,
        {
          code: 'mail-unknown',
          message: expect.stringContaining('`fmail log` and `fmail inbox` print them'),
        },
      ]);
      expect(await by(ann, command)).toEqual({
        code: 2,
        stdout: '',
        stderr: 'Error: missing argument: id\n',
      });
    },
  );
});
