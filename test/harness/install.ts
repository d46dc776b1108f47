/**
 * Real coding agents from npm, in a cache folder outside the project: installed when they are missing, and never
 * among the project's own packages. One that cannot be installed is a reason, not an error.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { messageOf } from '../../shared/errors.ts';

/** A program as npm has it. */
export interface Package {
  readonly package: string;
  /** Versions that the suite is written for. */
  readonly range: string;
  readonly bin: string;
}

export type Installed =
  | { readonly kind: 'ready'; readonly program: string; readonly version: string }
  | { readonly kind: 'absent'; readonly reason: string };

const INSTALL_MS = 300_000;
/** The first start of a program that was just unpacked takes its time. */
const FIRST_START_MS = 60_000;

/** Where the programs are kept: `$XDG_CACHE_HOME/waggle/harnesses`, one folder for each program and range. */
const cacheFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'waggle', 'harnesses');

/** Finds or installs a program, and asks it for its version. Never rejects. */
export async function install(wanted: Package): Promise<Installed> {
  const folder = join(cacheFolder(), `${wanted.bin}-${wanted.range.replaceAll(/[^\w.]/g, '')}`);
  const program = join(folder, 'node_modules', '.bin', wanted.bin);
  try {
    if (!existsSync(program)) await installInto(folder, wanted);
    const home = await mkdtemp(join(cacheFolder(), 'home-'));
    try {
      await execa(program, ['--version'], {
        env: { HOME: home, CODEX_HOME: home, CLAUDE_CONFIG_DIR: home },
        timeout: FIRST_START_MS,
      });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
    const manifest = join(folder, 'node_modules', wanted.package, 'package.json');
    const { version } = JSON.parse(await readFile(manifest, 'utf8'));
    return { kind: 'ready', program, version };
  } catch (error) {
    return { kind: 'absent', reason: shortReason(error) };
  }
}

/** Beside the folder first: what has its name is whole. */
async function installInto(folder: string, wanted: Package): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const parts = await mkdtemp(`${folder}.part-`);
  try {
    const manifest = { private: true, allowScripts: { [wanted.package]: true } };
    await writeFile(join(parts, 'package.json'), JSON.stringify(manifest));
    process.stderr.write(`waggle: installing ${wanted.package}@${wanted.range} into ${folder}\n`);
    const words = ['install', '--no-audit', '--no-fund', `${wanted.package}@${wanted.range}`];
    await execa('npm', words, { cwd: parts, timeout: INSTALL_MS });
    await rename(parts, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

/** One line: the error's last words of npm or of the program, or its own first ones. */
function shortReason(error: unknown): string {
  const stderr = (error as { stderr?: unknown }).stderr;
  const told =
    typeof stderr === 'string' ? stderr.split('\n').find((line) => /error/i.test(line)) : undefined;
  return (told ?? messageOf(error).split('\n')[0] ?? '').slice(0, 200);
}
