/**
 * The contract of the mail desk, as a function of what makes desks: every way to mail runs all of it.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { deadLetterCases } from './dead-letters.cases.ts';
import type { MailLab, MakeMailLab } from './lab.ts';
import { logCases } from './log.cases.ts';
import { peopleCases } from './people.cases.ts';
import { receiptCases } from './receipts.cases.ts';
import { sendCases } from './send.cases.ts';
import { threadCases } from './thread.cases.ts';
import { watchCases } from './watch.cases.ts';

/** Declares the suite for one implementation; its cases share one project and use names of their own. */
export function mailDeskCases(implementation: string, makeLab: MakeMailLab): void {
  describe(`a mail desk over ${implementation}`, () => {
    let lab: MailLab;
    beforeAll(async () => {
      lab = await makeLab();
    });
    afterAll(() => lab.stop());
    const current = () => lab;
    sendCases(current);
    logCases(current);
    watchCases(current);
    receiptCases(current);
    threadCases(current);
    peopleCases(current);
    deadLetterCases(current);
  });
}
