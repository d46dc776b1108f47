import { describe, expect, it } from 'vitest';
import { check } from '../../../../schemas/index.ts';
import { type CompiledConfig, compileConfig } from '../../../../shared/config/compile.ts';
import { readConfig } from '../../../../shared/config/config-file.ts';

function compiled(text: string): CompiledConfig {
  const outcome = readConfig(text, { file: 'waggle.yaml', folder: '/repo/sub', roles: { ann: 'operator' } });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

describe('compiling waggle.yaml', () => {
  it('fills in every default', () => {
    const config = compiled('project: demo');
    expect(config).toEqual({
      project: 'demo',
      board: {
        lanes: { main: { home: '/repo/sub', base: 'HEAD', branch: 'waggle/main', gates: [] } },
        gates: {},
        profiles: {},
        policies: {
          max_attempts: 3,
          max_losses: 3,
          max_conflicts: 3,
          backoff_ms: 5_000,
          backoff_max_ms: 300_000,
          lease_ms: 30_000,
          stale_after_ms: 2_700_000,
          stale_grace_ms: 300_000,
          paths: 'serialise',
          max_heavy: 1,
          weights: {},
        },
        roles: { ann: 'operator' },
      },
      profiles: new Map(),
      pools: new Map(),
      workers: { count: 1, mode: 'single-task', labels: [], checkpointMs: 60_000 },
      bus: {},
    });
    expect(check('BoardConfig', config.board)).toMatchObject({ ok: true });
  });

  it('compiles everything that can be said', () => {
    const config = compiled(`project: demo
lanes:
  api: { home: ../api, base: main, gates: [VG-T, VG-T] }
  web: { home: "git@host.test:a/web.git", branch: next }
  lib: { home: "https://host.test/lib.git" }
gates:
  VG-T: npm test
  VG-L: { run: [npm, run, lint], timeout: 1h30m }
profiles:
  mock:
    command: [sh, -c, echo]
    prompt: stdin
    env: [HOME]
    set: { A: "1" }
    max_concurrency: 4
    timeout: 90
    silence: 300ms
    grace: 2s
  other: { command: [x] }
policies: { max_attempts: 5, backoff: 1s, backoff_max: 2s, lease: 300ms, paths: warn, max_grants: 9, weights: { docs: 0.5 }, dead_letter_after: 2m }
workers: { count: 3, labels: [gpu], checkpoint: 90s }
roles: { bob: committer, ann: worker }
bus: { output_max_bytes: 20MiB, output_max_age: 1d }
`);
    expect(config.board.lanes).toEqual({
      api: { home: '/repo/api', base: 'main', branch: 'waggle/api', gates: ['VG-T'] },
      web: { home: 'git@host.test:a/web.git', base: 'HEAD', branch: 'next', gates: [] },
      lib: { home: 'https://host.test/lib.git', base: 'HEAD', branch: 'waggle/lib', gates: [] },
    });
    expect(config.board.gates).toEqual({
      'VG-T': { name: 'VG-T', run: 'npm test', timeout_ms: 600_000 },
      'VG-L': { name: 'VG-L', run: ['npm', 'run', 'lint'], timeout_ms: 5_400_000 },
    });
    expect(config.board.profiles).toEqual({ mock: { max_concurrency: 4 }, other: {} });
    expect(config.board.policies).toMatchObject({
      dead_letter_after_ms: 120_000,
      max_attempts: 5,
      max_losses: 3,
      backoff_ms: 1_000,
      backoff_max_ms: 2_000,
      lease_ms: 300,
      paths: 'warn',
      max_grants: 9,
      weights: { docs: 0.5 },
    });
    expect(config.board.roles).toEqual({ ann: 'worker', bob: 'committer' });
    expect(config.profiles.get('mock')).toEqual({
      harness: 'command',
      command: ['sh', '-c', 'echo'],
      prompt: 'stdin',
      env: ['HOME'],
      set: { A: '1' },
      args: [],
      rights: 'edit',
      startMs: 60_000,
      maxConcurrency: 4,
      timeoutMs: 90_000,
      silenceMs: 300,
      graceMs: 2_000,
    });
    expect(config.profiles.get('other')).toEqual({
      harness: 'command',
      command: ['x'],
      prompt: 'file',
      env: [],
      set: {},
      args: [],
      rights: 'edit',
      startMs: 60_000,
      timeoutMs: 3_600_000,
      silenceMs: 900_000,
      graceMs: 10_000,
    });
    expect(config.workers).toEqual({
      count: 3,
      profile: 'mock',
      mode: 'single-task',
      labels: ['gpu'],
      checkpointMs: 90_000,
    });
    expect(config.bus).toEqual({ outputMaxBytes: 20_971_520, outputMaxAgeMs: 86_400_000 });
    expect(check('BoardConfig', config.board)).toMatchObject({ ok: true });
  });

  it('compiles profiles of known harnesses, pools and budgets', () => {
    const config = compiled(`project: demo
profiles:
  claude-1:
    harness: claude
    account: accounts/one
    model: opus
    args: [--verbose]
    weight: 2
    budget: { tokens: 2M, cost: 12.5, duration: 1h30m, per: day }
    start: 90s
    timeout: 2h
  codex-1: { harness: codex, program: bin/codex, rights: full, mcp: false, prompt: stdin, template: none }
  pi-1: { harness: pi, program: pi-next, account: /accounts/pi }
pools:
  main: { profiles: [claude-1, codex-1, claude-1] }
  best: { profiles: [pi-1], strategy: quota_aware }
budgets:
  run: { tokens: 500k }
  task: { tokens: "1.1M" }
  profile: { cost: 3 }
  project: { tokens: 9000000, per: total }
workers: { pool: main, mode: continuous }
`);
    expect(config.profiles.get('claude-1')).toEqual({
      harness: 'claude',
      command: [],
      account: '/repo/sub/accounts/one',
      model: 'opus',
      args: ['--verbose'],
      rights: 'edit',
      env: [],
      set: {},
      startMs: 90_000,
      timeoutMs: 7_200_000,
      silenceMs: 900_000,
      graceMs: 10_000,
    });
    expect(config.profiles.get('codex-1')).toMatchObject({
      program: '/repo/sub/bin/codex',
      rights: 'full',
      mcp: false,
      prompt: 'stdin',
      template: 'none',
    });
    expect(config.profiles.get('pi-1')).toMatchObject({ program: 'pi-next', account: '/accounts/pi' });
    expect(config.board.profiles).toEqual({
      'claude-1': {
        weight: 2,
        budget: { tokens: 2_000_000, cost_usd: 12.5, duration_ms: 5_400_000, per: 'day' },
      },
      'codex-1': {},
      'pi-1': {},
    });
    const pools = {
      main: { strategy: 'round_robin', profiles: ['claude-1', 'codex-1'] },
      best: { strategy: 'quota_aware', profiles: ['pi-1'] },
    };
    expect(config.board.pools).toEqual(pools);
    expect(config.pools).toEqual(new Map(Object.entries(pools)));
    expect(config.board.budgets).toEqual({
      run: { tokens: 500_000 },
      task: { tokens: 1_100_000 },
      profile: { cost_usd: 3 },
      project: { tokens: 9_000_000, per: 'total' },
    });
    expect(config.workers).toEqual({
      count: 1,
      pool: 'main',
      mode: 'continuous',
      labels: [],
      checkpointMs: 60_000,
    });
    expect(check('BoardConfig', config.board)).toMatchObject({ ok: true });
  });

  it('compiles rules for stopping, with their defaults', () => {
    const stop = (text: string) => compiled(`project: demo\nworkers: { stop: ${text} }`).workers.stop;
    expect(stop('{ quantitative: { run: ./done.sh, exit_codes: [0] } }')).toEqual({
      quantitative: {
        run: './done.sh',
        every: 1,
        when: 'before',
        exitCodes: [0],
        invert: false,
        decision: 'stop',
        timeoutMs: 30_000,
      },
    });
    const whole = `{
      quantitative: { run: [a, b], every: 3, when: both, invert: true, exit_codes: [1, 2], stdout: nonempty,
        stderr: empty, stdout_matches: "^x", stderr_matches: y, decision: continue, timeout: 5s },
      qualitative: { every: 5, prompt: Is it done? } }`;
    expect(stop(whole)).toEqual({
      quantitative: {
        run: ['a', 'b'],
        every: 3,
        when: 'both',
        exitCodes: [1, 2],
        invert: true,
        stdout: 'nonempty',
        stderr: 'empty',
        stdoutMatches: /^x/,
        stderrMatches: /y/,
        decision: 'continue',
        timeoutMs: 5_000,
      },
      qualitative: { every: 5, prompt: 'Is it done?', onInvalid: 'continue' },
    });
    expect(stop('{}')).toBeUndefined();
  });

  it('leaves the file it was given as it was', () => {
    const file = Object.freeze({ project: 'demo', policies: Object.freeze({ lease: '5s' }) });
    expect(compileConfig(file, { folder: '/x' }).board.policies.lease_ms).toBe(5_000);
    expect(file).toEqual({ project: 'demo', policies: { lease: '5s' } });
  });
});
