import { expect, it } from 'vitest';
import { harnessEntry, harnessTable, programOf } from '../../../../services/cli/harness-list.ts';
import type { HarnessCapabilities } from '../../../../shared/harness/adapter.ts';
import { adapters } from '../../../../shared/harness/adapters.ts';

const capabilities: HarnessCapabilities = {
  oneShot: true,
  resumable: true,
  steer: 'resume',
  events: true,
  usage: 'cost',
  approvals: false,
  mcp: true,
  continuous: true,
  prompts: ['stdin', 'file'],
};
const bare: HarnessCapabilities = {
  ...capabilities,
  resumable: false,
  steer: 'none',
  events: false,
  usage: 'none',
  prompts: ['file'],
};
const profiles = new Map([
  ['big', { harness: 'claude' as const }],
  ['own', { harness: 'command' as const }],
  ['small', { harness: 'claude' as const }],
]);

it('a harness is shown with what it can do, where it is and who uses it', () => {
  const entries = [
    harnessEntry({ name: 'claude', program: 'claude', capabilities }, '/bin/claude', profiles),
    harnessEntry({ name: 'codex', program: 'codex', capabilities }, undefined, profiles),
    harnessEntry({ name: 'command', capabilities: bare }, undefined, profiles),
  ];
  const cells = harnessTable(entries)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(cells[1]?.join(' ')).toBe(
    'claude yes yes resume yes cost no yes yes stdin,file big,small /bin/claude',
  );
  expect(cells[2]?.slice(-2)).toEqual(['-', 'codex (not on PATH)']);
  expect(cells[3]?.join(' ')).toBe('command yes no no no no no yes yes file own any');
});

it('for machines it is in snake case, and says nothing of what is not there', () => {
  expect(harnessEntry({ name: 'command', capabilities: bare }, undefined, profiles)).toEqual({
    harness: 'command',
    capabilities: {
      one_shot: true,
      resumable: false,
      steer: 'none',
      events: false,
      usage: 'none',
      approvals: false,
      mcp: true,
      continuous: true,
      prompts: ['file'],
    },
    profiles: ['own'],
  });
});

it('a profile runs its own program, else the usual one of its harness, else its command', () => {
  const named = { harness: 'command', command: ['my-agent', '-p'] } as const;
  expect(programOf(named, adapters)).toBe('my-agent');
  expect(programOf({ ...named, program: '/opt/x' }, adapters)).toBe('/opt/x');
  const known = { claude: { ...adapters.claude, program: 'claude' } };
  expect(programOf({ harness: 'claude', command: [] }, { ...adapters, ...known })).toBe('claude');
});
