import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasConfiguredHooks, hookFlags } from '../../../../shared/git/configured-hooks.ts';
import { gitEnvironment } from '../../../../shared/git/environment.ts';
import { git } from '../../../../shared/git/git.ts';
import { gitIn, makeRepository, temporaryFolder } from '../../../support/repository.ts';

describe('git', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('answers with output and exit code', async () => {
    const dir = makeRepository(`${folder.path}/a b`);
    expect(await git(['rev-parse', 'HEAD'], { cwd: dir })).toEqual({
      stdout: gitIn(dir, 'rev-parse', 'HEAD'),
      stderr: '',
      exitCode: 0,
    });
  });

  it("fails with git's own words, and takes expected exit codes as answers", async () => {
    await expect(git(['rev-parse', 'HEAD'], { cwd: folder.path })).rejects.toMatchObject({
      code: 'git-failed',
      message: expect.stringMatching(/git rev-parse failed \(128\): .*not a git repository/),
    });
    const answer = await git(['rev-parse', 'HEAD'], { cwd: folder.path, okCodes: [0, 128] });
    expect(answer.exitCode).toBe(128);
  });

  it('calls a missing folder a failure of git, not a missing git', async () => {
    await expect(git(['status'], { cwd: `${folder.path}/none` })).rejects.toMatchObject({
      code: 'git-failed',
    });
  });

  it('says that git is missing when it is', async () => {
    await expect(git(['status'], { env: { PATH: folder.path } })).rejects.toMatchObject({
      code: 'git-missing',
    });
  });

  it('does not show the credentials of a URL', async () => {
    const url = 'https://user:secret@127.0.0.1:1/x';
    const failure = await git(['ls-remote', url]).catch((error: Error) => error.message);
    expect(failure).toContain('git ls-remote failed');
    expect(failure).not.toContain('secret');
  });

  it('stops when its signal aborts, with the reason given', async () => {
    const dir = makeRepository(`${folder.path}/r`);
    const controller = new AbortController();
    const mark = `${folder.path}/started`;
    const alias = `alias.wait=!echo > '${mark}'; exec sleep 60`;
    const waiting = git(['-c', alias, 'wait'], { cwd: dir, signal: controller.signal });
    const stopped = expect(waiting).rejects.toThrow('enough');
    await vi.waitUntil(() => existsSync(mark), { timeout: 30_000, interval: 5 });
    controller.abort(new Error('enough'));
    await stopped;
    await expect(git(['status'], { cwd: dir, signal: controller.signal })).rejects.toThrow('enough');
  });

  it('keeps only as much output as asked for', async () => {
    const dir = makeRepository(`${folder.path}/r`, { big: 'x'.repeat(1_000_000) });
    const { stdout } = await git(['cat-file', 'blob', 'HEAD:big'], { cwd: dir, maxStdoutBytes: 1000 });
    expect(stdout).toBe('x'.repeat(1000));
  });
});

describe('gitEnvironment', () => {
  const inherited = {
    PATH: '/bin',
    GIT_DIR: '/elsewhere',
    GIT_INDEX_FILE: 'x',
    GIT_WORK_TREE: '/w',
    GIT_AUTHOR_NAME: 'Mallory',
    GIT_SSH_COMMAND: 'ssh -i key',
    GIT_ASKPASS: 'ask',
    GIT_CONFIG_COUNT: '1',
  };

  it('lets nothing of our own git variables through but how to reach a server', () => {
    const environment = gitEnvironment(false, {}, inherited);
    expect(environment).toMatchObject({ PATH: '/bin', GIT_SSH_COMMAND: 'ssh -i key', GIT_ASKPASS: 'ask' });
    expect(environment).toMatchObject({ GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' });
    expect(environment['GIT_AUTHOR_NAME']).toBe('Waggle');
    for (const name of ['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE', 'GIT_CONFIG_COUNT']) {
      expect(environment).not.toHaveProperty(name);
    }
  });

  it("keeps the user's configuration when it is asked for", () => {
    const environment = gitEnvironment(true, {}, inherited);
    expect(environment['GIT_CONFIG_COUNT']).toBe('1');
    expect(environment).not.toHaveProperty('GIT_CONFIG_GLOBAL');
    expect(environment).not.toHaveProperty('GIT_DIR');
  });
});

describe('configured hooks', () => {
  it('are known from git 2.54 on', () => {
    expect(hasConfiguredHooks('git version 2.53.1')).toBe(false);
    expect(hasConfiguredHooks('git version 2.54.0 (Apple Git-160)')).toBe(true);
    expect(hasConfiguredHooks('git version 3.0.0')).toBe(true);
  });

  it('are turned off by name, each once', () => {
    expect(hookFlags('hook.lint.command\0hook.a.b.command\0hook.lint.command\0')).toEqual([
      '-c',
      'hook.lint.enabled=false',
      '-c',
      'hook.a.b.enabled=false',
    ]);
  });
});
