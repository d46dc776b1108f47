import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { MailRecord } from '../../../../../schemas/index.ts';
import { fmailOutput } from '../../../../../services/cli/fmail/fmail-output.ts';
import { createPrinter } from '../../../../../services/cli/fmail/printer.ts';

const record: MailRecord = {
  id: '20260209-120000-0003',
  from: 'a',
  to: 't',
  time: '2026-02-09T12:00:00Z',
  body: 'x',
};

function printerOn(
  stdout: { write(text: string): unknown },
  json = false,
  signal = new AbortController().signal,
) {
  const remarks: string[] = [];
  let nowMs = 0;
  const output = fmailOutput({ stdout, stderr: { write: (text: string) => remarks.push(text) } }, json);
  const clock = { now: () => 0, monotonic: () => nowMs, sleep: async () => {} };
  return {
    printer: createPrinter({ stdout, signal }, output, clock),
    remarks,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

it('a mail is written whole, with its line break, in one piece', async () => {
  const pieces: string[] = [];
  const stdout = { write: (text: string) => pieces.push(text) };
  await printerOn(stdout).printer.print(record);
  await printerOn(stdout, true).printer.print(record);
  expect(pieces).toEqual(['20260209-120000-0003 a -> t: x\n', `${JSON.stringify(record)}\n`]);
});

it('it is remarked that a reader is far behind, at most every ten seconds', async () => {
  const { printer, remarks, pass } = printerOn({ write: () => true });
  for (const lag of [0, 1_000]) await printer.printWatched({ record, lag });
  expect(remarks).toEqual([]);
  for (const lag of [5_000, 4_000, 3_000]) await printer.printWatched({ record, lag });
  expect(remarks).toEqual(['Warning: 5000 messages behind; catching up\n']);
  pass(9_999);
  await printer.printWatched({ record, lag: 2_000 });
  pass(1);
  await printer.printWatched({ record, lag: 1_500 });
  expect(remarks.slice(1)).toEqual(['Warning: 1500 messages behind; catching up\n']);
});

it('printing waits while standard output is full, and no longer than the command lives', async () => {
  const full = new PassThrough({ highWaterMark: 1 });
  const { printer } = printerOn(full);
  let isDone = false;
  const printing = printer.print(record).then(() => {
    isDone = true;
  });
  await Promise.resolve();
  expect(isDone).toBe(false);
  expect(String(full.read())).toBe('20260209-120000-0003 a -> t: x\n');
  await printing;

  const end = new AbortController();
  const stuck = printerOn(new PassThrough({ highWaterMark: 1 }), false, end.signal).printer.print(record);
  end.abort();
  await stuck;
});
