import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../../shared/config/config-file.ts';
import { starterConfig } from '../../../../shared/config/starter.ts';

const read = (text: string) => readConfig(text, { file: 'waggle.yaml', folder: '/repo' });

describe('the starter configuration', () => {
  it('is valid as it stands and says what was asked for', () => {
    const command = ['agent', '-p', 'say "hi": {x}', "it's"];
    const outcome = read(starterConfig({ project: 'demo', command }));
    expect(outcome.ok && outcome.value.project).toBe('demo');
    expect(outcome.ok && outcome.value.profiles.get('default')?.command).toEqual(command);
    expect(outcome.ok && outcome.value.workers).toEqual({
      count: 1,
      profile: 'default',
      mode: 'single-task',
      labels: [],
      checkpointMs: 60_000,
    });
  });

  it.each(['claude', 'codex', 'opencode', 'pi', 'droid', 'gemini'] as const)(
    'runs %s without a command',
    (harness) => {
      const text = starterConfig({ project: 'demo', harness });
      const outcome = read(text);
      expect(outcome.ok && outcome.value.profiles.get('default')).toMatchObject({ harness, command: [] });
      const taken = read(text.replace(/^ {4}# (model|account):/gm, '    $1:'));
      expect(taken.ok && taken.value.profiles.get('default')).toMatchObject({
        model: 'NAME',
        account: '/repo/PATH',
      });
    },
  );

  it('keeps a project name that YAML would take for a number or a word of its own', () => {
    for (const project of ['12', 'true', 'null', '1e5']) {
      const outcome = read(starterConfig({ project, command: ['x'] }));
      expect(outcome.ok && outcome.value.project).toBe(project);
    }
  });

  it('stays valid when its examples are taken into use', () => {
    const text = starterConfig({ project: 'demo', command: ['x'], profile: 'mock' })
      .replace(/^ {4}# (home|base|branch):/gm, '    $1:')
      .replace(/^ {4}# max_concurrency:/m, '    max_concurrency:')
      .replace(/^gates: \{\}\n {2}# (VG-TEST.*)\n {2}# (VG-LINT.*)$/m, 'gates:\n  $1\n  $2')
      .replace('gates: []  ', 'gates: [VG-TEST]  ')
      .replace(/^ {2}# agent:/m, '  agent:');
    const outcome = read(text);
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.ok && outcome.value.board.gates).toMatchObject({
      'VG-TEST': { run: 'npm test' },
      'VG-LINT': { run: ['npm', 'run', 'lint'], timeout_ms: 300_000 },
    });
    expect(outcome.ok && outcome.value.board.profiles).toEqual({ mock: { max_concurrency: 4 }, agent: {} });
    expect(outcome.ok && outcome.value.profiles.get('agent')).toMatchObject({ harness: 'claude' });
  });

  it('keeps its lines below 110 columns', () => {
    const lines = starterConfig({ project: 'demo', command: ['x'] }).split('\n');
    expect(lines.filter((line) => line.length > 110)).toEqual([]);
  });
});
