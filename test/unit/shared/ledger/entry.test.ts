import { describe, expect, it, test } from 'vitest';
import type { Outcome } from '../../../../schemas/index.ts';
import { type LedgerRun, renderEntry, renderHead } from '../../../../shared/ledger/entry.ts';

const head = {
  loopId: '24aa9e0d-3329-446e-b6dd-6bedca47b748',
  name: 'rust-parity-dev-codex-r1',
  repoPath: '/home/me/repos/forge',
  createdAt: Date.parse('2026-02-10T16:21:47Z'),
};

const run: LedgerRun = {
  runId: '343ec35e-848a-460d-971e-9ca291d3b1fb',
  outcome: 'completed',
  profile: 'codex1',
  harness: 'codex',
  promptSource: 'base',
  promptPath: '/home/me/repos/forge/.forge/prompts/dev.md',
  promptOverride: false,
  startedAt: Date.parse('2026-02-10T16:21:47.999Z'),
  finishedAt: Date.parse('2026-02-10T16:42:14.500Z'),
  exitCode: 0,
  task: 'forge-dr7',
  fence: 42,
  tokens: 12_345,
  commit: '9f2c1d7e4b8a6350c1d2e3f4a5b6c7d8e9f0a1b2',
  tail: '<output tail>\n',
};

/** The seed's own example, and our fields. */
const golden = `---
loop_id: 24aa9e0d-3329-446e-b6dd-6bedca47b748
loop_name: rust-parity-dev-codex-r1
repo_path: /home/me/repos/forge
created_at: 2026-02-10T16:21:47Z
---

# Loop Ledger: rust-parity-dev-codex-r1

## 2026-02-10T16:42:14Z

- run_id: 343ec35e-848a-460d-971e-9ca291d3b1fb
- loop_name: rust-parity-dev-codex-r1
- status: success
- profile: codex1
- harness: codex
- prompt_source: base
- prompt_path: /home/me/repos/forge/.forge/prompts/dev.md
- prompt_override: false
- started_at: 2026-02-10T16:21:47Z
- finished_at: 2026-02-10T16:42:14Z
- exit_code: 0
- task: forge-dr7
- fence: 42
- outcome: completed
- tokens: 12345
- commit: 9f2c1d7e4b8a6350c1d2e3f4a5b6c7d8e9f0a1b2

\`\`\`
<output tail>
\`\`\`

`;

test("the seed's example comes out to the byte, with our fields after its own", () => {
  expect(renderHead(head) + renderEntry(head.name, run)).toBe(golden);
});

test('what is unknown is left out, and the heading is then the start', () => {
  const { runId, outcome, profile, promptSource, promptOverride, startedAt, task, fence } = run;
  const least = { runId, outcome, profile, promptSource, promptOverride, startedAt, task, fence, tail: '\n' };
  expect(renderEntry('w1', least)).toBe(`## 2026-02-10T16:21:47Z

- run_id: 343ec35e-848a-460d-971e-9ca291d3b1fb
- loop_name: w1
- status: success
- profile: codex1
- prompt_source: base
- prompt_override: false
- started_at: 2026-02-10T16:21:47Z
- task: forge-dr7
- fence: 42
- outcome: completed

`);
});

test('the kind of account stands between harness and prompt', () => {
  const lines = renderEntry('w1', { ...run, authKind: 'codex' }).split('\n');
  expect(lines.slice(6, 9)).toEqual(['- harness: codex', '- auth_kind: codex', '- prompt_source: base']);
});

test('a killed run keeps its negative exit code, and an unknown count is not a zero', () => {
  const text = renderEntry('w1', { ...run, outcome: 'killed', exitCode: -9, tokens: 0 });
  expect(text).toContain('- status: killed\n');
  expect(text).toContain('- exit_code: -9\n');
  expect(text).toContain('- tokens: 0\n');
});

describe('the status', () => {
  it.each<[Outcome, string]>([
    ['completed', 'success'],
    ['no_change', 'success'],
    ['killed', 'killed'],
    ['fenced', 'killed'],
    ['blocked', 'error'],
    ['needs_input', 'error'],
    ['rate_limited', 'error'],
    ['auth_failed', 'error'],
    ['env_failed', 'error'],
    ['crashed', 'error'],
    ['timed_out', 'error'],
  ])('of %s is %s', (outcome, status) => {
    const text = renderEntry('w1', { ...run, outcome });
    expect(text).toContain(`- status: ${status}\n`);
    expect(text).toContain(`- outcome: ${outcome}\n`);
  });
});

test('the fence is longer than any run of backticks in the output', () => {
  const text = renderEntry('w1', { ...run, tail: 'a\n```ts\ncode ````` here\n```\n## not a heading' });
  expect(text).toMatch(/\n\n``````\na\n```ts\ncode ````` here\n```\n## not a heading\n``````\n\n$/);
});

test('a field stays one line and shows no secret', () => {
  const text = renderEntry('w1', {
    ...run,
    promptPath: '/home/jo@example.com/a\n## b\r\n```\u2028c.md',
    profile: 'x\x1b[31m\ny',
  });
  expect(text).toContain('- prompt_path: /home/[REDACTED]/a ## b ``` c.md\n');
  expect(text).toContain('- profile: x y\n');
  const matter = renderHead({ ...head, repoPath: 'https://jo:pw@git.example/x\n---\n' });
  expect(matter).toContain('\nrepo_path: https://[REDACTED]@git.example/x ---\n');
});

test('an endless field is cut', () => {
  expect(renderEntry('w1', { ...run, promptPath: 'é'.repeat(100_000) }).length).toBeLessThan(5_000);
});

test('the output is redacted and bounded', () => {
  const text = renderEntry('w1', { ...run, tail: `${'line\n'.repeat(90)}login jo@example.com` });
  expect(text).toContain('\n```\n[31 earlier lines of output (154 bytes) left out]\nline\n');
  expect(text).toContain('\nlogin [REDACTED]\n```\n\n');
});

test('a time that is none is refused', () => {
  expect(() => renderEntry('w1', { ...run, startedAt: Number.NaN })).toThrow(RangeError);
});
