import { afterEach, expect, test } from 'vitest';
import { type ModelEndpoint, startModelEndpoint } from './endpoint.ts';
import { oneScript, refusing, scriptsByWords } from './playbook.ts';
import { type Line, textsOf } from './script.ts';

const PATHS = ['/v1/messages', '/v1/responses', '/v1/chat/completions'];

let model: ModelEndpoint | undefined;
afterEach(async () => {
  await model?.close();
  model = undefined;
});

const start = async (answers: Parameters<typeof startModelEndpoint>[0]): Promise<ModelEndpoint> => {
  model = await startModelEndpoint(answers);
  return model;
};
/** A request with a tool, or without. */
const ask = (url: string, path: string, words: string, tools: readonly object[] = [{}]): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', stream: true, tools, messages: [{ content: words }], input: words }),
  });
const said = async (...args: Parameters<typeof ask>): Promise<string> => (await ask(...args)).text();
const say = (text: string): Line => ({ kind: 'text', text });

test.each(PATHS)('%s: takes one turn after the other, and counts what comes after the last', async (path) => {
  const { url, left, beyond, reported } = await start([say('one'), say('two')]);
  expect(await said(url, path, 'a')).toContain('one');
  expect(left()).toBe(1);
  expect(await said(url, path, 'a')).toContain('two');
  expect([left(), beyond()]).toEqual([0, 0]);
  await said(url, path, 'a');
  expect(beyond()).toBe(1);
  expect(new Set(reported.map(({ input }) => input)).size).toBe(3);
});

test('a request without tools takes no turn', async () => {
  const { url, left, reported } = await start([say('one')]);
  expect(await said(url, '/v1/messages', 'a title, please', [])).toContain('aside');
  expect([left(), reported]).toEqual([1, []]);
});

test('a turn may depend on what was said before', async () => {
  const { url } = await start([(asked) => ({ kind: 'text', text: `${textsOf(asked).at(-1)}, again` })]);
  expect(await said(url, '/v1/messages', 'hello')).toContain('hello, again');
});

test('conversations at the same time have scripts of their own, by words that stand in them', async () => {
  const scripts = new Map([
    ['task `a`', [say('a1'), say('a2')]],
    ['task `b`', [say('b1')]],
  ]);
  const { url, left, beyond } = await start(scriptsByWords(scripts));
  const both = [said(url, '/v1/messages', 'your task `b`'), said(url, '/v1/responses', 'your task `a`')];
  expect(await Promise.all(both)).toEqual([expect.stringContaining('b1'), expect.stringContaining('a1')]);
  expect(await said(url, '/v1/messages', 'your task `a`')).toContain('a2');
  expect([left(), beyond()]).toEqual([0, 0]);
  await said(url, '/v1/messages', 'somebody else');
  expect(beyond()).toBe(1);
});

test('a refusal holds for every request until it relents', async () => {
  const error = { kind: 'error', status: 429, headers: { 'retry-after': '7' }, message: 'too many' } as const;
  const book = refusing(error, oneScript([say('well')]));
  const { url, reported } = await start(book);
  for (const tools of [[{}], []]) {
    const refused = await ask(url, '/v1/messages', 'a', tools);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error', message: 'too many' } });
  }
  expect(reported).toEqual([]);
  book.relent();
  expect(await said(url, '/v1/messages', 'a')).toContain('well');
});

test.each(PATHS)('%s: a stalled answer begins, and does not end', async (path) => {
  const { url, reported } = await start([{ kind: 'stall', text: 'let me see' }]);
  const response = await ask(url, path, 'a');
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^(event|data): /);
  const more = await Promise.race([
    reader?.read().then(
      () => 'more',
      () => 'closed',
    ),
    model?.close().then(() => 'closed by us'),
  ]);
  model = undefined;
  expect(more).not.toBe('more');
  expect(reported).toEqual([]);
});
