/**
 * The contract of the bus port, as a function of what makes a bus: every implementation runs all of it.
 */
import { describe } from 'vitest';
import { appendCases } from './append.cases.ts';
import type { MakeLab } from './lab.ts';
import { messagingCases } from './messaging.cases.ts';
import { readCases } from './read.cases.ts';
import { streamCases } from './streams.cases.ts';
import { trimCases } from './trim.cases.ts';

/** Declares the suite for one implementation. */
export function busContract(implementation: string, makeLab: MakeLab): void {
  describe(`a bus over ${implementation}`, () => {
    appendCases(makeLab);
    streamCases(makeLab);
    trimCases(makeLab);
    readCases(makeLab);
    messagingCases(makeLab);
  });
}
