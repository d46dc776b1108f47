/**
 * Inputs that once showed a fault, each with what it did. They are tried in every run of the tests.
 */

export interface Regression {
  readonly target: string;
  /** What it did. */
  readonly did: string;
  readonly input: Uint8Array;
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** A number of a million digits in MessagePack. */
function largeNumber(bytes: number): Buffer {
  const head = Buffer.from('82a17601a46b696e64c90000000042', 'hex');
  head.writeUInt32BE(bytes, head.length - 5);
  return Buffer.concat([head, Buffer.alloc(bytes, 0x55)]);
}

const tool = (input: string): string =>
  `{"type":"assistant","message":{"content":[{"type":"tool_use","name":"x","input":${input}}]}}\n`;

const inputs: readonly (readonly [target: string, did: string, input: string | Uint8Array])[] = [
  ['yaml', 'ended the process: the stack ended within a pattern', nested(5_000)],
  ['yaml', 'ended the process, in blocks', 'a:\n '.repeat(100) + '- '.repeat(9_000)],
  ['json-file', 'ended the process', nested(5_000)],
  ['config', 'ended the process', `project: demo\nlanes: ${nested(4_000)}`],
  ['tasks-jsonl', 'ended the process', `{"title":${nested(5_000)}}`],
  ['tasks-yaml', 'took seconds for 8 KiB of doubled keys', `- title: One\n  deps${'a:\n '.repeat(2_000)}`],
  ['since', 'took the square of the number of digits', `${'1'.repeat(60_000)}!`],
  [
    'socket-request',
    'the same, from any peer',
    `{"cmd":"mail.log","args":{"since":"${'1'.repeat(60_000)}"}}`,
  ],
  ['socket-request', 'threw RangeError', `{"cmd":"mail.log","args":{"limit":${nested(9_000)}}}`],
  ['socket-request', 'threw RangeError', `{"cmd":"task.block","args":{"reason":${nested(9_000)}}}`],
  ['reset-times', 'took the square of the number of spans', 'in 1s '.repeat(20_000)],
  ['reset-times', 'took the square of the number of digits', '1'.repeat(100_000)],
  ['nats-version', 'took the square of the number of digits', '1'.repeat(100_000)],
  ['remotes', 'took the square of the number of slashes', `${'/'.repeat(100_000)}x`],
  ['remotes', 'took the square of the number of marks', `${'?'.repeat(100_000)}\n`],
  ['socket-lines', 'moved all lines for each that was taken', '\n'.repeat(200_000)],
  ['output-tail-text', 'took the square of the number of breaks', `${'\n'.repeat(31_000)}x`],
  ['harness-claude', 'threw TypeError: no primitive value', tool('{"command":[{"toString":1}]}')],
  ['harness-claude', 'threw RangeError', tool(`{"command":[${nested(9_000)}]}`)],
  ['harness-claude', 'threw RangeError', tool(`{"x":${nested(9_000)}}`)],
  [
    'harness-claude',
    'threw TypeError: no primitive value',
    '{"type":"assistant","message":{"model":"<synthetic>"},"error":{"toString":1}}\n',
  ],
  [
    'harness-codex',
    'threw TypeError: no primitive value',
    '{"type":"item.completed","item":{"type":"mcp_tool_call","server":{"toString":1},"arguments":{}}}\n',
  ],
  ['tracker-log', 'threw RangeError', `{"event_id":${nested(8_000)}}`],
  ['bus-file', 'threw RangeError', `{"v":${nested(9_000)}}`],
  ['mail-project-file', 'threw RangeError', `{"id":${nested(9_000)}}`],
  ['bus-url', 'threw URIError', 'nats://%@h'],
  ['bus-location', 'threw URIError', 'nats://%:%@h'],
  ['message-report', 'said a fault of two million characters', largeNumber(60_000)],
  ['message-query', 'said a fault as long as a key', `{"v":1,"kind":"counts","${'k'.repeat(9_000)}":1}`],
];

export const regressions: readonly Regression[] = inputs.map(([target, did, input]) => ({
  target,
  did,
  input: typeof input === 'string' ? Buffer.from(input) : input,
}));
