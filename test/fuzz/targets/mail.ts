/**
 * Mail: names, ids and times as people type them, drafts, and stored mail as a record, a digest and a line.
 */
import type { StoredMail } from '../../../schemas/index.ts';
import { check } from '../../../schemas/index.ts';
import { mailDigest, urgentMailText } from '../../../shared/mail/digest.ts';
import { draftOf } from '../../../shared/mail/draft.ts';
import { mailSequence } from '../../../shared/mail/message-id.ts';
import { readAgent, readTags, readTarget } from '../../../shared/mail/names.ts';
import { quoted } from '../../../shared/mail/quoted.ts';
import { bodyValue, recordOf } from '../../../shared/mail/record.ts';
import { readSince, readTime } from '../../../shared/mail/since.ts';
import { goldenOf } from '../samples.ts';
import { type Target, textTarget } from '../target.ts';

const NOW = Date.UTC(2026, 1, 9, 12);

/** A stored mail with its body: as a list shows it, as an agent is told, as a program reads it. */
function shown(body: string): unknown {
  const stored: StoredMail = {
    seq: 3,
    from: 'alice',
    to: { kind: 'agent', name: 'bob' },
    mail: { v: 1, kind: 'message', id: 'm-1', at: NOW, body },
  } as StoredMail;
  const record = recordOf(stored, body);
  JSON.stringify(record);
  return [record, mailDigest([record, record]), urgentMailText(record), quoted(body)];
}

export const mailTargets: readonly Target[] = [
  textTarget('mail-names', 'people and agents', ['tasks', '@alice', ' @Bob ', 'a-1'], (text) => {
    const read = [readTarget, readAgent, (one: string) => readTags(one.split(','))];
    return read.map((one) => {
      try {
        return one(text);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'WaggleError') throw error;
        if (error.message.length > 1_000) throw new Error(`a refusal of ${error.message.length} characters`);
        return error.message;
      }
    });
  }),
  textTarget('mail-ids', 'people and agents', ['20260209-120000-0003', '7', ' 12 '], mailSequence),
  textTarget(
    'since',
    'people and agents',
    [
      'now',
      '45m',
      '1h30m',
      '3.5d',
      '2026-03-01',
      '2026-03-01T09:00:00Z',
      '2026-02-09T12:00:00.5+01:00',
      '20260209-120000-0003',
    ],
    (text) => [readSince(text, NOW), readTime(text, NOW)],
    { words: ['1h', '.5d', '1.', 'ns', 'µs', '9', '2026-02-30', 'T', '+01:00'] },
  ),
  textTarget(
    'mail-draft',
    'agents and scripts',
    [
      '{"to":"@bob","body":"hello","replyTo":"3","priority":"HIGH","tags":["a","b"],"host":"h"}',
      '{"to":"tasks","body":{"a":[1]}}',
    ],
    (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      const { to, body, replyTo, priority, tags, host } = (value ?? {}) as Record<string, unknown>;
      const texts = (one: unknown) => (typeof one === 'string' ? { some: one } : {});
      const list = Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
      const given = { replyTo: texts(replyTo).some, priority: texts(priority).some, host: texts(host).some };
      const known = Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined));
      return draftOf({ to: texts(to).some ?? 'tasks', body, tags: list, ...known }, 'm-1');
    },
    { words: ['"to":', '"body":', '"tags":[', '"host":'] },
  ),
  textTarget(
    'mail-body',
    'the mail of others',
    [
      'hello',
      '{"a":1,"b":[true,null,"x"]}',
      '# Title\n\n- one\n- two\n',
      '12',
      '1.0',
      'line\n'.repeat(30),
      '> quoted\n\n```\ncode\n```\n',
    ],
    shown,
    { words: ['```', '"', '\\"', '[', '{"a":', '1e5'] },
  ),
  textTarget('body-value', 'the mail of others', ['{"a":1}', '[1,2]', '"x"', '1e5', '0.10'], bodyValue),
  textTarget(
    'mail-message',
    'the mail of others',
    goldenOf('Mail').map((one) => JSON.stringify(one)),
    (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      const checked = check('Mail', value);
      if (!checked.ok) return checked.fault;
      const mail = checked.value;
      const to = { kind: 'topic', name: 'tasks' } as const;
      const body = 'body' in mail && typeof mail.body === 'string' ? mail.body : '';
      return recordOf({ seq: 1, from: 'alice', to, mail } as StoredMail, body);
    },
    { words: ['"body":', '"at":', '8640000000000001', '"tags":['] },
  ),
];
