/**
 * Output as it is kept and shown: ledgers, terminals, logs of services. And the log of the tracker.
 */

import { parseNatsVersion } from '../../../infra/nats/version.ts';
import { lastWords } from '../../../infra/supervisor/last-words.ts';
import { lastLines, outputText } from '../../../services/cli/output-text.ts';
import { LineSplitter } from '../../../shared/harness/line-splitter.ts';
import { renderEntry } from '../../../shared/ledger/entry.ts';
import { oneLine, plainText } from '../../../shared/ledger/plain-text.ts';
import { redact } from '../../../shared/ledger/redact.ts';
import { ledgerTail } from '../../../shared/ledger/tail.ts';
import { parseStat } from '../../../shared/process/process-table.ts';
import { LogReading } from '../../../shared/tracker-log/reading.ts';
import { TrackerRecords } from '../../../shared/tracker-log/records.ts';
import { planImport } from '../../../shared/tracker-log/specs.ts';
import { makeTrackerLog, seedPlan } from '../../support/tracker-log.ts';
import { streamTarget, type Target, textTarget } from '../target.ts';

const key = `-----BEGIN PRIVATE KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'.repeat(8)}\n-----END PRIVATE KEY-----\n`;
const outputs = [
  'all 12 tests passed\n',
  '\x1b[31mred\x1b[0m \x1b]0;title\x07 bar\rprogress\r\n',
  `export API_KEY=sk-abc0123456789abcdefgh\n${key}`,
  'password: "hunter2hunter2" and mail to someone@example.org, https://user:secret@host/x?token=abcdef123456',
  'Authorization: Bearer abcdefgh12345678\ncookie: sid=1234; a=b\ncurl -u user:pw https://x\n',
  `${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'.repeat(3)}\n`.repeat(4),
];
const words = [
  'password',
  'token=',
  'secret: ',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  'eyJ',
  'a@',
  'a.b.',
  '://',
  '\x1b[',
  '\x1b]',
  '\r',
  'curl ',
  'login ',
  '\\n',
  '"',
  'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n',
];

/** Also where it was redacted once more: what is hidden stays hidden, and nothing else goes. */
function hidden(text: string): string {
  const once = redact(plainText(text));
  if (once.length > 12 * text.length + 100) throw new Error('what was hidden has grown');
  return once;
}

const log = makeTrackerLog(7, { ...seedPlan })
  .text.split('\n')
  .slice(0, 60);

export const textTargets: readonly Target[] = [
  textTarget('plain-text', 'the output of harnesses', outputs, (text) => [plainText(text), oneLine(text)], {
    words,
  }),
  textTarget('redaction', 'the output of harnesses', outputs, hidden, { words }),
  textTarget(
    'ledger-entry',
    'the output of harnesses',
    outputs,
    (tail) => {
      const text = ledgerTail(tail);
      if (Buffer.byteLength(text) > 16 * 1024 + 200) throw new Error('too long a tail');
      return renderEntry('loop', {
        runId: 'gen-1',
        outcome: 'crashed',
        profile: 'p',
        promptSource: 'task',
        promptOverride: false,
        startedAt: 0,
        task: 'a-1',
        fence: 1,
        tail,
      });
    },
    { words: [...words, '```', '\n'] },
  ),
  textTarget('terminal-text', 'the output of harnesses', outputs, (text) => lastLines(outputText(text), 20), {
    words,
  }),
  textTarget(
    'last-words',
    'the logs of services',
    ['{"level":50,"msg":"it failed","err":{"message":"why"}}\n', 'waggle: no\n', 'Error: x\n    at y\n'],
    lastWords,
  ),
  textTarget('nats-version', 'nats-server', ['nats-server: v2.10.27'], parseNatsVersion, {
    words: ['1.', '.', '9'],
  }),
  textTarget(
    'process-stat',
    '/proc',
    [`12 (a (b) c) S 1 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 ${'9'.repeat(9)} 1 1`],
    (text) => parseStat(text, 'boot'),
    { words: [')', '(', ' '] },
  ),
  streamTarget(
    'tracker-log',
    'the log of a tracker',
    [log.join('\n'), ...log.slice(0, 8)],
    () => {
      const reading = new LogReading({ events: 50, texts: 64 * 1024 });
      const splitter = new LineSplitter(16 * 1024);
      const records = new TrackerRecords();
      const read = (lines: readonly string[]) => {
        for (const line of lines) for (const event of reading.line(line)) records.apply(event);
      };
      return {
        kept: [reading, records],
        push(bytes) {
          read(splitter.push(bytes));
          return [];
        },
        end() {
          read(splitter.end());
          for (const event of reading.end()) records.apply(event);
          return [reading.report(), planImport(records.tasks(), { lane: 'main', closedNotBefore: 0 })];
        },
      };
    },
    { words: ['\n', '"type":"task_closed"', '"event_id":', '"timestamp":', '"related_task_id":"'] },
  ),
];
