import { describe, expect, test } from 'vitest';
import type { HarnessName } from '../../../../schemas/index.ts';
import type { StartPlace } from '../../../../shared/harness/adapter.ts';
import { adapterOf, adapters } from '../../../../shared/harness/adapters.ts';
import { commandProfile, type HarnessProfile } from '../../../../shared/harness/profile.ts';

const place: StartPlace = {
  promptFile: '/records/prompt.md',
  promptText: 'make honey',
  worktree: '/tree',
  records: '/records',
  taskId: 't-1',
  run: 'r-1',
  agent: 'bee',
  project: 'hive',
  waggle: ['/usr/bin/node', '/opt/waggle.js'],
};
const known = (Object.keys(adapters) as HarnessName[]).filter((name) => name !== 'command');
const profileOf = (harness: HarnessName, changes: Partial<HarnessProfile> = {}): HarnessProfile =>
  commandProfile({ command: [], harness, ...changes });
const fresh = (name: HarnessName, changes?: Partial<HarnessProfile>, at = place) =>
  adapterOf(name).fresh(profileOf(name, changes), at);
const resumed = (name: HarnessName, changes?: Partial<HarnessProfile>) =>
  adapterOf(name).resumed!(profileOf(name, changes), place, 's-1');

test('each adapter has the name that it is found by', () => {
  for (const name of [...known, 'command'] as const) expect(adapterOf(name).name).toBe(name);
});

describe.each(known)('%s', (name) => {
  test('takes its prompt from standard input, however long it is, unless its profile says otherwise', () => {
    const long = { ...place, promptText: 'x'.repeat(300_000) };
    const { argv, stdin } = fresh(name, {}, long);
    expect(stdin).toEqual({ file: '/records/prompt.md' });
    expect(argv.join(' ').length).toBeLessThan(4_000);
    expect(argv[0]).toBe(adapterOf(name).program);
  });

  test('takes a prompt that begins with a dash as an argument, and refuses one that is too long', () => {
    const dashed = { ...place, promptText: '--help me' };
    if (name !== 'pi') {
      const { argv, stdin } = fresh(name, { prompt: 'argument' }, dashed);
      expect(stdin).toBeUndefined();
      expect(argv.includes('--') || argv.at(-1) === '--prompt=--help me').toBe(true);
    }
    const long = { ...place, promptText: 'x'.repeat(140_000) };
    expect(() => fresh(name, { prompt: 'argument' }, long)).toThrow('less than 128 KiB');
  });

  test('names another program, a model and further arguments as its profile does', () => {
    const { argv } = fresh(name, { program: '/opt/it', model: 'm-1', args: ['--extra', 'x y'] });
    expect(argv[0]).toBe('/opt/it');
    expect(argv[argv.indexOf('m-1') - 1]).toMatch(/^(-m|--model)$/);
    expect(argv[argv.indexOf('--extra') + 1]).toBe('x y');
  });

  test('goes on in a conversation by its name, with all that it was started with', () => {
    const { argv, stdin } = resumed(name, { model: 'm-1' });
    expect(argv).toContain('s-1');
    expect(argv).toContain('m-1');
    expect(stdin).toEqual({ file: '/records/prompt.md' });
  });

  test('asks nobody, and has more rights with `full`', () => {
    const [edit, full] = (['edit', 'full'] as const).map((rights) => fresh(name, { rights }));
    if (name !== 'pi') expect(full).not.toEqual(edit);
    expect(edit!.argv.join(' ')).not.toMatch(/danger|yolo|unsafe|--auto$/);
  });

  test('keeps its account in a folder of its own', () => {
    const { env } = fresh(name, { account: '/accounts/one' });
    expect(Object.values(env)).toContain('/accounts/one');
    expect(Object.values(fresh(name).env)).not.toContain('/accounts/one');
  });

  test('gets the server of its run exactly where it can and its profile wants it', () => {
    const text = (mcp: boolean) => JSON.stringify(fresh(name, { mcp }));
    expect(text(false)).not.toContain('/opt/waggle.js');
    expect(text(true).includes('/opt/waggle.js')).toBe(adapterOf(name).capabilities.mcp);
    const { waggle: _, ...unnamed } = place;
    expect(JSON.stringify(fresh(name, { mcp: true }, unnamed))).not.toContain('mcp_servers');
  });

  test('writes files beside the records of its run alone', () => {
    for (const { path } of fresh(name, { mcp: true }).files ?? []) expect(path).toMatch(/^\/records\//);
  });
});

test('a prompt in a way that a harness does not know is refused with the ways that it knows', () => {
  expect(() => fresh('claude', { prompt: 'file' })).toThrow(
    'cannot start claude: it takes no prompt by file; its profile may say prompt: stdin, or prompt: argument',
  );
  expect(fresh('droid', { prompt: 'file' }).argv).toContain('/records/prompt.md');
});

test('Claude Code may edit and run the two commands, and nothing else', () => {
  expect(fresh('claude').argv).toEqual([
    'claude',
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    '--permission-mode',
    'acceptEdits',
    '--allowedTools',
    'Bash(fmail:*),Bash(waggle:*),mcp__waggle',
  ]);
});

test('Claude Code finds the server of its run in a file', () => {
  const { argv, files } = fresh('claude', { mcp: true });
  expect(argv[argv.indexOf('--mcp-config') + 1]).toBe('/records/claude-mcp.json');
  expect(JSON.parse(files![0]!.text)).toEqual({
    mcpServers: { waggle: { command: '/usr/bin/node', args: ['/opt/waggle.js', 'mcp'] } },
  });
});

test('Codex resumes by a subcommand, with its settings, the session and the prompt last', () => {
  const { argv } = resumed('codex', { mcp: true });
  expect(argv.slice(0, 5)).toEqual(['codex', 'exec', 'resume', '--json', '--skip-git-repo-check']);
  expect(argv.slice(-3)).toEqual(['--', 's-1', '-']);
  expect(argv).toContain('allow_login_shell=false');
  expect(argv).toContain('sandbox_mode="workspace-write"');
  expect(argv.find((word) => word.startsWith('mcp_servers.waggle='))).toContain('"WAGGLE_SOCKET"');
});

test('opencode denies what it would otherwise ask for', () => {
  const config = JSON.parse(fresh('opencode').env['OPENCODE_CONFIG_CONTENT']!);
  expect(config).toMatchObject({ share: 'disabled', permission: { external_directory: 'deny' } });
  expect(config.permission.bash).toMatchObject({ '*': 'deny', 'waggle *': 'allow' });
  expect(
    JSON.parse(fresh('opencode', { rights: 'full' }).env['OPENCODE_CONFIG_CONTENT']!),
  ).not.toHaveProperty('permission');
});

test('the command harness fills the places of its own command line', () => {
  const given = commandProfile({ command: ['it', '{task}', '{prompt_file}'] });
  expect(adapterOf('command').fresh(given, place)).toEqual({
    argv: ['it', 't-1', '/records/prompt.md'],
    env: {},
  });
});
