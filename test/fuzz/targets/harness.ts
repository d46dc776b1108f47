/**
 * What harnesses print: the stream of each one, and what is read out of its words. Lines are cut out of bytes as they
 * come, folded into the signs of a run, rendered, and classified at the end.
 */
import type { Adapter } from '../../../shared/harness/adapter.ts';
import { adapters } from '../../../shared/harness/adapters.ts';
import { fillArguments } from '../../../shared/harness/argument-template.ts';
import { saysAuth, saysRateLimit } from '../../../shared/harness/fault-words.ts';
import { restartPrompt } from '../../../shared/harness/interrupt-prompt.ts';
import { LineSplitter } from '../../../shared/harness/line-splitter.ts';
import { classify } from '../../../shared/harness/outcome.ts';
import { OutputTail } from '../../../shared/harness/output-tail.ts';
import { questionIn } from '../../../shared/harness/question.ts';
import { rendered } from '../../../shared/harness/rendered.ts';
import {
  epochMs,
  resetOfDayTime,
  resetOfHeaders,
  resetOfWords,
  retryAfter,
} from '../../../shared/harness/reset-time.ts';
import { noSigns, withEvent } from '../../../shared/harness/run-signs.ts';
import { recordedLines } from '../samples.ts';
import { bytesTarget, streamTarget, type Target, textTarget } from '../target.ts';

const NOW = Date.UTC(2026, 1, 9, 12);
/** A run's signs are small, however much it prints. */
const MOST_SIGNS = 400_000;

const words = [
  '"type":',
  '"message":',
  '"text":"',
  '"error":',
  '"content":[',
  '"usage":{',
  '"input":{"command":',
  '"status":429',
  'rate limit',
  'in 1s ',
  'try again',
  'resets',
];

/** As one process is read to its end. */
function heard(adapter: Adapter, input: Uint8Array): unknown {
  const reader = adapter.reader?.();
  const splitter = new LineSplitter();
  const tail = new OutputTail();
  let signs = noSigns;
  for (const line of [...splitter.push(input), ...splitter.end()]) {
    for (const event of [...(reader?.push(line) ?? []), ...(reader?.plain?.(line) ?? [])]) {
      signs = withEvent(signs, event, NOW);
      tail.push('stdout', Buffer.from(rendered(event)));
    }
  }
  for (const end of [
    { how: 'exited', exitCode: 0 },
    { how: 'exited', exitCode: 1 },
  ] as const) {
    const ended = {
      end,
      signs,
      lastLines: tail.text(),
      expects: 'any',
      harness: adapter.name,
      now: NOW,
    } as const;
    const { reason, evidence, retryAt } = classify(ended);
    if (reason.length > 1_000 || evidence.length > 16) throw new Error('a report is too long');
    if (retryAt !== undefined && !Number.isSafeInteger(retryAt)) throw new Error(`a time ${retryAt}`);
  }
  const bytes = JSON.stringify(signs).length;
  if (bytes > MOST_SIGNS) throw new Error(`signs of ${bytes} characters`);
  return { reader, signs, tail };
}

const samples: Readonly<Record<string, readonly string[]>> = {
  command: ['Which one should I use?\n', 'error: 429 Too Many Requests, try again in 20 seconds\n', 'done\n'],
};

const streams = Object.values(adapters).map((adapter) =>
  bytesTarget(
    `harness-${adapter.name}`,
    `the output of ${adapter.name}`,
    samples[adapter.name] ?? recordedLines(adapter.name),
    (input) => heard(adapter, input),
    // The reader may hold a message that is not whole yet; the tail has its fixed room.
    { words, most: 1024 * 1024, keeps: { each: 0, besides: 640 * 1024 } },
  ),
);

const LINE = 4 * 1024;
const faults = [
  'Rate limit reached. Please try again in 1h 20m.',
  'usage limit reached|1770638400',
  'You have hit your limit; resets 3pm (Europe/Vienna)',
  'retry after 20 seconds',
  'invalid api key: please run login',
  'try again at Mar 3rd, 2026 3:05 PM',
  '{"error":{"status":"RESOURCE_EXHAUSTED"}} 429',
];

export const harnessTargets: readonly Target[] = [
  ...streams,
  streamTarget(
    'line-splitter',
    'the output of harnesses',
    ['one\ntwo\r\n\nthree', 'é👩\n'],
    () => {
      const splitter = new LineSplitter(LINE);
      return {
        kept: splitter,
        push(bytes) {
          const lines = splitter.push(bytes);
          if (lines.some((line) => line.length > LINE)) throw new Error('a line above the limit');
          return lines;
        },
        end: () => [...splitter.end(), splitter.skipped],
      };
    },
    {
      words: ['\n', '\r\n', 'x'.repeat(LINE), 'x'.repeat(LINE + 1)],
      most: 1024 * 1024,
      keeps: { each: 0, besides: 300 * 1024 },
    },
  ),
  streamTarget(
    'output-tail',
    'the output of harnesses and gates',
    ['one\ntwo\r\n\nthree', 'é👩\n', 'x'.repeat(3_000)],
    () => {
      const tail = new OutputTail();
      return {
        kept: tail,
        push(bytes) {
          tail.push('stdout', bytes);
          return [];
        },
        end() {
          const text = tail.text();
          if (Buffer.byteLength(text) > 8_192 || text.split('\n').length > 60)
            throw new Error('too long a tail');
          return [text, tail.lastLine()];
        },
      };
    },
    {
      words: ['\n', '\r\n', '\r', 'y'.repeat(1_200)],
      most: 1024 * 1024,
      keeps: { each: 0, besides: 300 * 1024 },
    },
  ),
  textTarget('output-tail-text', 'the output of harnesses and gates', ['one\ntwo\n', '\r\n\r\nx'], (text) => {
    const tail = new OutputTail();
    tail.push('stdout', Buffer.from(text));
    return tail.text();
  }),
  textTarget(
    'reset-times',
    'the words of providers',
    [...faults, 'Tue, 10 Feb 2026 12:00:00 GMT', '1770638400', '2026-02-10T12:00:00Z'],
    (text) => {
      const found = [
        resetOfWords(text),
        retryAfter(text),
        resetOfHeaders({
          'retry-after': text,
          'retry-after-ms': text,
          'anthropic-ratelimit-unified-reset': text,
        }),
        { resetsAt: epochMs(text) },
        { resetsAt: resetOfDayTime(text, NOW) },
      ];
      for (const { resetsAt, retryAfterMs } of found as { resetsAt?: number; retryAfterMs?: number }[])
        for (const time of [resetsAt, retryAfterMs])
          if (time !== undefined && !Number.isFinite(time)) throw new Error(`a time ${time}`);
      return found;
    },
    {
      words: [
        'in 1s ',
        '1 s and ',
        ' and ',
        ', ',
        'resets ',
        '12pm',
        'Mar 3, 2026',
        '|1',
        ' 1.',
        'try again at ',
      ],
    },
  ),
  textTarget(
    'fault-words',
    'the words of providers',
    faults,
    (text) => [saysAuth(text), saysRateLimit(text)],
    {
      words: ['invalid ', 'api key ', 'quota ', 'exceeded ', 'status', '429', 'limit '],
    },
  ),
  textTarget(
    'questions',
    'the last words of harnesses',
    [
      'Done.\n\nWhich of these should I use?\n\n- one\n- two\n',
      'Please confirm `x`.\n\n```\ncode?\n```\n',
      'How should I proceed? Let me know if you want more.',
    ],
    questionIn,
    {
      words: [
        'do you want ',
        ' or ',
        'which ',
        'should ',
        '?',
        '\n\n',
        '- a\n',
        '```\n',
        '"',
        '. ',
        'would you ',
      ],
    },
  ),
  textTarget('restart-prompt', 'the output of harnesses', ['a `code` b', '````\nx'], (text) =>
    restartPrompt([text], text, text),
  ),
  textTarget(
    'argument-template',
    'waggle.yaml and prompts',
    ['{prompt} {task}', 'run {prompt_file} {unknown} {{agent}}'],
    (text) =>
      fillArguments(text.split(' '), 'argument', {
        promptFile: '/p',
        promptText: 'the prompt',
        taskId: 'a-1',
        run: 'r',
        worktree: '/w',
        agent: 'alice',
      }),
    { words: ['{prompt}', '{', '}', '{task', '$&', '$1'], most: 8 * 1024 },
  ),
];
