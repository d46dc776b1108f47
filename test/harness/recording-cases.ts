/**
 * The recorded streams that the doubles play are still what the real program prints.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { adapterOf } from '../../shared/harness/adapters.ts';
import { startHarness } from '../../shared/harness/harness-run.ts';
import { silentLog } from '../../shared/log.ts';
import { casesOf, recordingOf } from '../support/harness-doubles/doubles.ts';
import { startModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import { oneScript, type Playbook, refusing } from '../support/model-endpoint/playbook.ts';
import type { ErrorTurn, Line } from '../support/model-endpoint/script.ts';
import { temporaryFolder, writeFiles } from '../support/repository.ts';
import type { Harness, Installed } from './harness.ts';
import { profileOf } from './real-runs.ts';
import { FINAL } from './stage.ts';
import { printedShape, shapeOf } from './stream-shape.ts';

const LIMITED: ErrorTurn = {
  kind: 'error',
  status: 429,
  headers: { 'retry-after': '1' },
  message: 'Number of requests has exceeded your rate limit',
};
const QUESTION = 'The tree holds changes that are not mine.\n\nHow do you want to proceed?';

/** What the model did when a case was recorded. */
function playbookOf(kase: string, { tools }: Harness): Playbook {
  const edit: Line[] = [tools.write('new.txt', 'written by it\n'), FINAL];
  switch (kase) {
    case 'edit':
      return oneScript(edit);
    case 'mended':
      return oneScript([LIMITED, ...edit]);
    case 'question':
      return oneScript([{ kind: 'text', text: QUESTION }]);
    case 'rate-limit':
      return refusing(LIMITED);
    case 'auth':
      return refusing({ kind: 'error', status: 401, message: 'invalid x-api-key' });
    default:
      throw new Error(`nobody knows how the case ${kase} was recorded`);
  }
}

export function recordingCases(installed: Installed): void {
  const { harness } = installed;
  const { name, title } = harness;
  for (const kase of casesOf(name)) {
    test(`prints what the recording ${name}/${kase} holds`, async () => {
      const folder = temporaryFolder('waggle-recording-');
      onTestFinished(() => folder.remove());
      const model = await startModelEndpoint(playbookOf(kase, harness));
      onTestFinished(() => model.close());
      const [home = '', worktree = '', records = ''] = ['home', 'tree', 'records'].map((part) =>
        join(folder.path, part),
      );
      for (const one of [home, worktree, records]) mkdirSync(one);
      writeFiles(records, { 'prompt.md': 'Do it.\n' });
      const logFile = join(records, 'output.log');
      const run = startHarness(
        adapterOf(name),
        profileOf({ installed, model }, home),
        {
          promptFile: join(records, 'prompt.md'),
          promptText: 'Do it.\n',
          worktree,
          records,
          project: 'test',
          taskId: 't-1',
          fence: 1,
          run: 'recorded',
          agent: 'w-1',
          // A program that is not there, as it was for the recordings.
          waggle: ['waggle'],
        },
        { clock: systemClock, log: silentLog, environment: { PATH: process.env['PATH'] }, logFile },
      );
      const { exitCode } = await run.result;
      const recorded = recordingOf(name, kase);
      const printed = readFileSync(logFile, 'utf8').split('\n');
      expect(
        printedShape(shapeOf(printed)),
        `${title} ${installed.version} prints other lines than ${name}/${kase}.jsonl holds`,
      ).toBe(printedShape(shapeOf(recorded.lines)));
      expect(exitCode).toBe(recorded.exitCode);
    });
  }
}
