import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../schemas/index.ts';
import { classify, type Ended } from '../../../../shared/harness/outcome.ts';
import type { RunEnd } from '../../../../shared/harness/run-end.ts';
import { noSigns, type RunSigns } from '../../../../shared/harness/run-signs.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const exit = (exitCode: number): RunEnd => ({ how: 'exited', exitCode });
const up: RunSigns = { ...noSigns, started: true };
const said = (finalText: string): RunSigns => ({ ...up, finalText, ended: { isError: false } });
const limited = (willRetry: boolean, more = {}): RunSigns => ({
  ...up,
  lastFault: { kind: 'rate_limit', message: '429 Too Many Requests', willRetry, ...more },
});
const refused: RunSigns = { ...up, lastFault: { kind: 'auth', message: '401', willRetry: true } };
const endedOf = (changes: Partial<Ended>): Ended => ({
  end: exit(0),
  signs: up,
  lastLines: '',
  changed: true,
  expects: 'change',
  harness: 'claude',
  now: NOW,
  ...changes,
});

const table: readonly (readonly [string, Partial<Ended>, Outcome])[] = [
  ['work that is done', { signs: said('All is done.') }, 'completed'],
  [
    'nothing changed where a change was expected',
    { signs: said('Nothing to do.'), changed: false },
    'no_change',
  ],
  [
    'work whose last message quotes a limit and a refused login',
    { signs: said('The retry now gets over "429 Too Many Requests" and "Invalid API key".') },
    'completed',
  ],
  [
    'work of a plain command that last speaks of a limit',
    { harness: 'command', signs: noSigns, lastLines: '429 Too Many Requests is tested' },
    'completed',
  ],
  [
    'work that ends with a question in code, in another language, or for its own sake',
    { signs: said('¿Y ahora qué? Todo está hecho.\n\n```\nWhich one should I take?\n```') },
    'completed',
  ],
  [
    'a question in another language where nothing was done',
    { signs: said('هل أتابع؟'), changed: false },
    'needs_input',
  ],
  ['nothing changed where none was expected', { changed: false, expects: 'none' }, 'completed'],
  ['nothing changed where either will do', { changed: false, expects: 'any' }, 'no_change'],
  [
    'a tree that nobody looked at',
    { end: exit(0), signs: said('Hm?'), changed: undefined as never },
    'completed',
  ],
  ['the end of its right', { end: { how: 'stopped', reason: 'fenced' } }, 'fenced'],
  [
    'the end of its right, though it said that it is blocked',
    { end: { how: 'stopped', reason: 'fenced' }, word: 'blocked' },
    'fenced',
  ],
  [
    'all tokens used, as it told with the end of its turn',
    { end: { how: 'limit', limit: 'tokens' }, signs: said('All is done.') },
    'completed',
  ],
  [
    'no end of its process after that of its turn',
    { end: { how: 'limit', limit: 'silence' }, signs: said('All is done.') },
    'completed',
  ],
  [
    'no end of its process after a bad end of its turn',
    { end: { how: 'limit', limit: 'silence' }, signs: { ...up, ended: { isError: true } } },
    'timed_out',
  ],
  ['a stop', { end: { how: 'stopped', reason: 'drained' } }, 'killed'],
  [
    'a stop while it was limited',
    { end: { how: 'stopped', reason: 'kill' }, signs: limited(true) },
    'killed',
  ],
  ['its own word that it is blocked', { word: 'blocked', signs: said('I am blocked.') }, 'blocked'],
  ['its own word that it is blocked, and a crash', { word: 'blocked', end: exit(1) }, 'blocked'],
  [
    'a program that is not there',
    { end: { how: 'not-started', message: 'cannot start it' }, signs: noSigns },
    'env_failed',
  ],
  [
    'an exit before its first sign of life',
    { end: exit(2), signs: noSigns, lastLines: 'bad flag' },
    'env_failed',
  ],
  ['an end without a word, with exit 0', { signs: noSigns }, 'env_failed'],
  ['no sign of life in time', { end: { how: 'limit', limit: 'start' }, signs: noSigns }, 'env_failed'],
  ['the wall limit', { end: { how: 'limit', limit: 'wall' } }, 'timed_out'],
  ['the silence limit', { end: { how: 'limit', limit: 'silence' } }, 'timed_out'],
  ['all tokens used', { end: { how: 'limit', limit: 'tokens' }, signs: limited(true) }, 'timed_out'],
  ['all money spent', { end: { how: 'limit', limit: 'cost' } }, 'timed_out'],
  [
    'silence while it tried again',
    { end: { how: 'limit', limit: 'silence' }, signs: limited(true) },
    'rate_limited',
  ],
  [
    'the wall limit while it tried again',
    { end: { how: 'limit', limit: 'wall' }, signs: limited(true) },
    'rate_limited',
  ],
  [
    'the wall limit while it tried a refused login again',
    { end: { how: 'limit', limit: 'wall' }, signs: refused },
    'auth_failed',
  ],
  ['a limit that it gave up on', { end: exit(1), signs: limited(false) }, 'rate_limited'],
  ['a limit that it gave up on, with exit 0', { end: exit(0), signs: limited(false) }, 'rate_limited'],
  ['a refused login', { end: exit(1), signs: refused }, 'auth_failed'],
  [
    'an error that it told of, with exit 0',
    { signs: { ...up, ended: { isError: true }, finalText: 'context too long' } },
    'crashed',
  ],
  ['a crash after its first sign of life', { end: exit(134), lastLines: 'fatal: out of memory' }, 'crashed'],
  ['a signal from outside', { end: { how: 'signalled', signal: 'SIGKILL' } }, 'crashed'],
  [
    'a login that is missing, before its first sign of life',
    { end: exit(41), signs: noSigns, lastLines: 'Please set an Auth method in settings.json' },
    'auth_failed',
  ],
  [
    'its own error, whatever stands on standard error',
    {
      end: exit(1),
      signs: { ...up, lastFault: { kind: 'error', message: 'context too long', willRetry: false } },
      lastLines: 'status 429',
    },
    'crashed',
  ],
];

describe('the end of a harness whose output is read', () => {
  test.each(table)('%s', (_, changes, outcome) => {
    const { reason, evidence, ...rest } = classify(endedOf(changes));
    expect({ ...rest, reason }).toMatchObject({ outcome });
    expect(reason).not.toBe('');
    expect(evidence.length).toBeGreaterThan(0);
    expect(evidence.every((line) => line !== '' && line.length <= 1_000)).toBe(true);
  });
});

describe('a final question', () => {
  test.each([
    ['strong, with a change', 'How do you want to proceed?', true, 'needs_input'],
    ['strong, without one', 'How do you want to proceed?', false, 'needs_input'],
    ['weak, with a change', 'Is the cache shared?', true, 'completed'],
    ['weak, without one', 'Is the cache shared?', false, 'needs_input'],
    ['a courtesy, with a change', 'Done. Anything else?', true, 'completed'],
    ['a courtesy, without one', 'Let me know if you want more.', false, 'no_change'],
  ] as const)('%s', (_, text, changed, outcome) => {
    expect(classify(endedOf({ signs: said(text), changed })).outcome).toBe(outcome);
  });

  test('is beaten by its own word that the task is done', () => {
    const ended = endedOf({ signs: said('How do you want to proceed?'), word: 'done' });
    expect(classify(ended).outcome).toBe('completed');
  });

  test('is told with the outcome', () => {
    const ended = endedOf({ signs: said('Two trees.\n\nWhich one should I take?') });
    expect(classify(ended)).toMatchObject({
      question: 'Two trees.\n\nWhich one should I take?',
      reason: expect.stringContaining('Which one should I take?'),
      evidence: expect.arrayContaining(['Two trees. Which one should I take?']),
    });
  });
});

/** Sentences of real runs of the seed, all recorded there as success or as no more than an exit code. */
test('the time that is up is named: that of the profile, or what a budget left of it', () => {
  const reasonOf = (limits: { readonly timeoutMs?: number; readonly budgetMs?: number }) =>
    classify(endedOf({ end: { how: 'limit', limit: 'wall' }, limits })).reason;
  expect(reasonOf({ timeoutMs: 60_000, budgetMs: 90_000 })).toBe('the harness ran longer than 1m');
  expect(reasonOf({ timeoutMs: 60_000, budgetMs: 8_000 })).toBe(
    'the harness used all the time that a budget left it (8s)',
  );
  expect(reasonOf({ budgetMs: 8_000 })).toBe('the harness used all the time that a budget left it (8s)');
});

describe('what real runs of any command ended with', () => {
  test.each([
    ['How do you want to proceed?', 0, false, 'needs_input'],
    ['Done so far.\n\nHow do you want to proceed?\ntokens used\n580,783', 0, true, 'needs_input'],
    ['ERROR: exceeded retry limit, last status: 429 Too Many Requests', 1, false, 'rate_limited'],
    ['Invalid API key · Please run /login', 1, false, 'auth_failed'],
    ['Invalid API key · Please run /login', 0, false, 'auth_failed'],
    ['committer: no commit candidate', 0, false, 'no_change'],
    [
      'Blocked by repo state: pre-existing modified/untracked files (including `.tasks/*`)',
      0,
      false,
      'no_change',
    ],
    ['Memory updated to prevent the stash mistake in future iterations.', 0, true, 'completed'],
    ['error: no such command: `fmt`', 101, false, 'crashed'],
    ['No prompt provided via stdin.', 1, false, 'crashed'],
    ['fmail send commands failed due to `forged: project not found`', 1, false, 'crashed'],
    ['Quota exceeded for this account, try again later', 1, false, 'rate_limited'],
    ['Not logged in', 1, false, 'auth_failed'],
    ['test result: FAILED. 429 passed; 1 failed', 101, false, 'crashed'],
    ['assertion failed: left 401, right 200', 101, false, 'crashed'],
  ] as const)('%j, exit %d', (lastLines, code, changed, outcome) => {
    const ended = endedOf({ end: exit(code), harness: 'command', signs: noSigns, lastLines, changed });
    expect(classify(ended)).toMatchObject({ outcome });
  });

  test('words that stand far above the end tell nothing of it', () => {
    const lastLines = `rate limit, waiting\n${'building\n'.repeat(20)}error: it does not build`;
    const ended = endedOf({ end: exit(1), harness: 'command', signs: noSigns, lastLines });
    expect(classify(ended)).toMatchObject({
      outcome: 'crashed',
      reason: 'the harness ended with exit code 1: error: it does not build',
    });
  });
});

describe('when a limit ends', () => {
  const retryAt = (signs: RunSigns): number | undefined => classify(endedOf({ end: exit(1), signs })).retryAt;

  test('is what the harness told, as a time or as a wait', () => {
    expect(retryAt(limited(false, { resetsAt: NOW + 60_000 }))).toBe(NOW + 60_000);
    expect(retryAt(limited(false, { retryAfterMs: 5_000 }))).toBe(NOW + 5_000);
  });

  test('is read from its words', () => {
    const at = (message: string) => retryAt(limited(false, { message }));
    expect(at('rate limit: try again in 20s')).toBe(NOW + 20_000);
    expect(at("You've hit your limit · resets 3pm (UTC)")).toBe(Date.parse('2026-03-01T15:00:00Z'));
    expect(at('usage limit reached|1772366460')).toBe(NOW + 60_000);
  });

  test('is that of the quota that is used up, where nothing else tells', () => {
    expect(retryAt({ ...limited(false), quota: { used: 1, resets_at: NOW + 9_000 } })).toBe(NOW + 9_000);
    expect(retryAt({ ...limited(false), quota: { used: 0.5, resets_at: NOW + 9_000 } })).toBeUndefined();
  });

  test('is unknown when what was told is over', () => {
    expect(retryAt(limited(false, { resetsAt: NOW - 1 }))).toBeUndefined();
  });
});

test('evidence is plain, short, and says each thing once', () => {
  const lastLines = `\u001b[31mfatal: no space\u001b[0m\n    at run (file.js:1:2)\n}\nfatal: no space\n${'x'.repeat(5_000)}`;
  const { evidence } = classify(endedOf({ end: exit(1), lastLines }));
  expect(evidence).toEqual(['the harness ended with exit code 1', 'fatal: no space', 'x'.repeat(1_000)]);
});
