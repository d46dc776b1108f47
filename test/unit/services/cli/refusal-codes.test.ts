import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { refusalCodes, refusalExitCode } from '../../../../services/cli/task-envelope.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Every word that the source gives as a refusal's code, by the ways in which it is given. */
function codesIn(path: string): string[] {
  const text = readFileSync(root + path, 'utf8');
  const firsts = [...text.matchAll(/\b(?:refused|say)\(\s*([^,]+),/g)].map(([, first = '']) => first);
  const named = [...text.matchAll(/\bcode: ('[a-z-]+')/g)].map(([, code = '']) => code);
  return [...firsts, ...named].flatMap((part) =>
    [...part.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code),
  );
}

it('every code with which the board can refuse a command or a query has an exit code', () => {
  const board = readdirSync(`${root}shared/board`).map((file) => `shared/board/${file}`);
  // What claims and reports are told, and the read service says, reaches no tracker envelope.
  const sources = [
    ...board.filter((path) => !/decide-(claim|commit|report)\.ts$/.test(path)),
    'services/orchestrator/queries.ts',
    'services/orchestrator/endpoints.ts',
    'services/orchestrator/writer.ts',
  ];
  const ofClaims = ['voided'];
  const codes = [...new Set(sources.flatMap(codesIn))].sort();
  expect(codes.length).toBeGreaterThan(20);
  expect(codes).toEqual(
    expect.arrayContaining(['blocked', 'not-open', 'unknown-lane', 'duplicate-id', 'too-large']),
  );
  expect(codes.filter((code) => !Object.hasOwn(refusalCodes, code) && !ofClaims.includes(code))).toEqual([]);
});

it('a code that nobody mapped is the fault of the request, also one that every object inherits', () => {
  expect([refusalExitCode('brand-new'), refusalExitCode('constructor')]).toEqual([2, 2]);
});
