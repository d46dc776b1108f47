/**
 * What comes over the bus: messages of every kind in both encodings, subjects, the leader's mark, the server's own word.
 */
import { Packr } from 'msgpackr';
import { readServerWord } from '../../../services/cli/server-word.ts';
import { decode, encode, tryDecode } from '../../../shared/bus/codec.ts';
import { readStanding } from '../../../shared/bus/leadership.ts';
import { parseLocation } from '../../../shared/bus/nats/location.ts';
import { mailRoute, senderOf } from '../../../shared/bus/subjects.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { goldenOf, messageNames } from '../samples.ts';
import { bytesTarget, type Target, textTarget } from '../target.ts';

const packr = new Packr({ useRecords: false });
/** What MessagePack has and JSON has not. */
const strange = packr.pack({ v: 1, kind: 2n ** 63n, at: new Date(0), tags: new Set([1]), match: /a+/ });
/** The server's own limit for one message. */
const MOST_BYTES = 1024 * 1024;

const codecTargets = messageNames.map((name): Target => {
  const samples = goldenOf(name);
  const corpus = [
    ...samples.map((sample) => packr.pack(sample)),
    ...samples.map((sample) => JSON.stringify(sample)),
    strange,
  ];
  const run = (payload: Uint8Array): unknown => {
    const tried = tryDecode(name, { payload, headers: {} });
    if (!tried.ok) {
      if (tried.fault.length > 5_000) throw new Error(`a fault of ${tried.fault.length} characters`);
      let refused: unknown;
      try {
        decode(name, { payload, headers: {} });
      } catch (error) {
        refused = error;
      }
      if (!isWaggleError(refused, 'message-invalid')) throw new Error('decode and tryDecode disagree');
      throw refused;
    }
    const again = tryDecode(name, encode(name, tried.value));
    if (!again.ok) throw new Error(`what was accepted is refused on its way back: ${again.fault}`);
    return tried.value;
  };
  const most = name === 'Report' ? MOST_BYTES : MOST_BYTES / 8;
  return bytesTarget(`message-${name.toLowerCase()}`, 'the bus', corpus, run, { most });
});

const mark = '{"v":1,"holder":"o-1","every_ms":400,"at":1770638400000}';

export const busTargets: readonly Target[] = [
  ...codecTargets,
  textTarget(
    'subjects',
    'the bus',
    ['wg.demo.mail.alice.topic.tasks', 'wg.demo.mail.bob.receipt.12', 'wg.demo.beat.w1', '_INBOX.demo.a.x'],
    (text) => [senderOf(text), mailRoute(text)],
    { words: ['.', '*', '>', 'wg.', 'mail.'] },
  ),
  bytesTarget('leader-mark', 'the bus', [mark, '{"v":1,"released":true}'], (payload) =>
    readStanding({
      stream: 's',
      subject: 'wg.demo.leader',
      seq: 7,
      at: 0,
      headers: {},
      payload: Buffer.from(payload),
    }),
  ),
  textTarget(
    'server-word',
    'nats-server',
    [
      '{"data":{"version":"2.10.27","now":"2026-02-09T16:16:05Z","jetstream":{"config":{"sync_always":true,"store_dir":"/d"},"meta":{"cluster_size":3}}}}',
    ],
    (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      return readServerWord(value);
    },
    { words: ['"version":', '"now":', '"cluster_size":'] },
  ),
  textTarget(
    'bus-location',
    'the environment',
    ['nats://user:pass@127.0.0.1:4222', 'tls://[::1]:4222', 'localhost', 'nats://tok%20en@host'],
    (text) => parseLocation([text], {}),
    { words: ['nats://', '%', '@', ':', '[', ']'] },
  ),
];
