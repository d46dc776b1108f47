/**
 * The mail tool's root folder, and the file there that names its project: `<root>/.fmail/project.json`.
 *
 * 1. The root is FMAIL_ROOT, else the nearest folder with a `.fmail/`, else that of the nearest `.git`, else the folder
 *    itself. A linked working tree's root is its main working tree.
 * 2. No git process is run: this stands before every mail command.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { NAME_PATTERN } from '../../schemas/limits.ts';
import { messageOf, WaggleError } from '../errors.ts';
import { shownValue } from '../shown-value.ts';

export interface MailRoot {
  /** Absolute. */
  readonly folder: string;
  readonly by: 'FMAIL_ROOT' | '.fmail' | '.git' | 'folder';
  /** The nearest folder that holds a `.git`, for what belongs to that repository. */
  readonly gitTop?: string;
}

export interface MailProject {
  readonly id: string;
  readonly path: string;
}

const MAIL_FOLDER = '.fmail';

/** The root for whoever stands in `folder`; `mailRoot` is FMAIL_ROOT's value. */
export async function findMailRoot(folder: string, mailRoot?: string): Promise<MailRoot> {
  const start = resolve(folder);
  let mail: string | undefined;
  let git: string | undefined;
  for (let at = start; ; at = dirname(at)) {
    const [isMail, isGit] = await Promise.all([isFolder(join(at, MAIL_FOLDER)), isThere(join(at, '.git'))]);
    if (isMail) mail ??= at;
    if (isGit) git ??= at;
    if (dirname(at) === at || (mail !== undefined && git !== undefined)) break;
  }
  const repository = git === undefined ? {} : { gitTop: git };
  if (mailRoot !== undefined) return { folder: resolve(start, mailRoot), by: 'FMAIL_ROOT', ...repository };
  if (mail !== undefined) return { folder: mail, by: '.fmail', ...repository };
  if (git !== undefined) return { folder: await mainTree(git), by: '.git', ...repository };
  return { folder: start, by: 'folder' };
}

/** Whether the root is somebody else's: found above the repository that holds `folder`, a home folder for instance. */
export function isOutside({ folder, by, gitTop }: MailRoot): boolean {
  if (by !== '.fmail' || gitTop === undefined) return false;
  const up = relative(folder, gitTop);
  return up !== '' && !up.startsWith('..') && !isAbsolute(up);
}

/** The project file of a root; undefined when it isn't there. Errors: `config-invalid`. */
export async function readMailProject(root: string): Promise<MailProject | undefined> {
  const path = join(root, MAIL_FOLDER, 'project.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw invalid(path, messageOf(error));
  });
  if (text === undefined) return undefined;
  let id: unknown;
  try {
    id = (JSON.parse(text) as { id?: unknown } | null)?.id;
  } catch (error) {
    throw invalid(path, `not JSON (${messageOf(error)})`);
  }
  const name = typeof id === 'string' ? id.trim().toLowerCase() : '';
  if (new RegExp(NAME_PATTERN).test(name)) return { id: name, path };
  throw invalid(
    path,
    `id: expected lower-case letters, digits and dashes, at most 63, found ${shownValue(id)}`,
  );
}

/** Writes the project file; one that names this project already stays as it is. `at`: milliseconds since the epoch. */
export async function writeMailProject(root: string, id: string, at: number): Promise<void> {
  const known = await readMailProject(root).catch(() => undefined);
  if (known?.id === id) return;
  await mkdir(join(root, MAIL_FOLDER), { recursive: true });
  const created = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  await writeFile(
    join(root, MAIL_FOLDER, 'project.json'),
    `${JSON.stringify({ id, created }, undefined, 2)}\n`,
  );
}

function invalid(file: string, problem: string): WaggleError {
  const problems = `${problem}; \`fmail init --project <name>\` writes it anew`;
  return new WaggleError('config-invalid', { file, problems });
}

/** The main working tree of the repository whose `.git` is in `top`. What is no link to elsewhere is its own. */
export async function mainTree(top: string): Promise<string> {
  const link = await readText(join(top, '.git'));
  const gitDir = /^gitdir: (.+)$/m.exec(link)?.[1];
  if (gitDir === undefined) return top;
  const own = resolve(top, gitDir.trim());
  // Only a linked working tree has one; a submodule hasn't, and is a project of its own.
  const common = (await readText(join(own, 'commondir'))).trim();
  if (common === '') return top;
  const shared = resolve(own, common);
  // A bare repository has no main working tree: what its trees share is itself.
  return basename(shared) === '.git' || basename(shared) === '.bare' ? dirname(shared) : shared;
}

/** Empty for what is absent, or a folder. */
async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) return '';
    throw error;
  });
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    // Absent, or nothing that may be looked at: either way not the nearest one that can be used.
    () => false,
  );
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
