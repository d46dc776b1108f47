import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseFiles } from '../../../../infra/demo/chosen-files.ts';
import { demoTasks, indexFileFor } from '../../../../infra/demo/demo-tasks.ts';
import { createParser } from '../../../../infra/demo/parser.ts';
import { makeToolFolder, type ToolFolder, writeProject } from '../../../../infra/demo/project-folder.ts';
import { packageSource, repositorySource, type Source } from '../../../../infra/demo/source.ts';
import { loadConfig } from '../../../../shared/config/config-file.ts';
import { loadTaskFile } from '../../../../shared/config/task-file.ts';
import {
  commitFiles,
  footprint,
  gitIn,
  gitSucceeds,
  makeRepository,
  temporaryFolder,
} from '../../../support/repository.ts';

const place = temporaryFolder();
const { signal } = new AbortController();
let tool: ToolFolder;
let next = 0;

beforeAll(async () => {
  tool = await makeToolFolder(place.path);
});
afterAll(() => place.remove());

function choose(source: Source, wanted = 100) {
  next += 1;
  const { formatter, folder: toolFolder } = tool;
  const parser = createParser({ formatter, toolFolder, signal });
  return chooseFiles({
    source,
    folder: join(place.path, `expected-${next}`),
    formatter,
    parser,
    wanted,
    signal,
  });
}

test('the package gives at least 40 files, each of which the tool changes', async () => {
  const source = await packageSource(join(place.path, 'package'), signal);
  const files = await choose(source, 41);
  expect(files).toHaveLength(41);
  for (const { path, blob } of files.slice(0, 5)) {
    expect(gitIn(source.path, 'rev-parse', `HEAD:${path}`)).not.toBe(blob);
  }
  expect(gitIn(source.path, 'status', '--porcelain')).toBe('');
});

test('only files are chosen that the tool changes, that parse, and that are files', async () => {
  const home = makeRepository(join(place.path, 'mixed'), {
    'ugly.js': 'let a=1\n',
    'neat.js': 'const a = 1;\n',
    'broken.js': 'let a=;\n',
    'markup.js': 'export const a=<b/>\n',
    'script.cjs': "const a=require('a')\n",
    'deep/with space.mjs': "import  a from 'a'\n",
    'typed.ts': 'let a:number=1\n',
    'notes.md': '*  a\n',
    'biome.json': '{"root":true,"formatter":{"enabled":false}}\n',
    'deep/biome.json': '{"root":true}\n',
  });
  symlinkSync('ugly.js', join(home, 'link.js'));
  commitFiles(home, {}, 'a link');
  writeFileSync(join(home, 'untracked.js'), 'let b=1\n');
  const before = footprint(home);
  const files = await choose(await repositorySource(join(home, 'deep'), signal));
  expect(files.map(({ path }) => path)).toEqual(['deep/with space.mjs', 'script.cjs', 'ugly.js', 'typed.ts']);
  expect(footprint(home)).toBe(before);
});

test('a repository without a file that the tool would change is refused in one sentence', async () => {
  const home = makeRepository(join(place.path, 'neat'), { 'a.js': 'const a = 1;\n' });
  await expect(choose(await repositorySource(home, signal))).rejects.toMatchObject({
    code: 'check-failed',
    message: expect.stringMatching(/^\S+neat has no tracked file \(.*\) that the formatter would change/),
  });
});

test('what is no repository, or has no commits, is named', async () => {
  const empty = join(place.path, 'empty');
  mkdirSync(empty);
  await expect(repositorySource(empty, signal)).rejects.toMatchObject({ code: 'not-a-repository' });
  gitIn(empty, 'init', '--quiet');
  await expect(repositorySource(empty, signal)).rejects.toMatchObject({ code: 'repository-empty' });
});

test('each run in a repository gets a lane that nothing of an earlier one stands in', async () => {
  const home = makeRepository(join(place.path, 'lanes'));
  expect((await repositorySource(home, signal)).lane).toBe('demo');
  gitIn(home, 'branch', 'waggle/demo');
  gitIn(home, 'update-ref', 'refs/waggle/fence/demo-2', 'HEAD');
  expect((await repositorySource(home, signal)).lane).toBe('demo-3');
});

test('the project that is written is a valid one, and its task file holds the tasks', async () => {
  const root = join(place.path, 'project');
  mkdirSync(root);
  const { specs } = demoTasks([{ path: 'lib/a: b.js', blob: 'b' }], indexFileFor(['a.js', 'FORMATTED.txt']));
  const taskFile = await writeProject({
    root,
    project: 'demo-x',
    tool,
    home: root,
    lane: 'demo',
    workers: 3,
    indexFile: 'FORMATTED-2.txt',
    tasks: specs,
  });
  const { board, workers, profiles } = await loadConfig(root);
  expect(board.lanes['demo']).toMatchObject({ home: root, branch: 'waggle/demo', gates: ['VG-PARSES'] });
  expect(workers).toMatchObject({ count: 3, profile: 'formatter' });
  expect([...profiles.keys()]).toEqual(['formatter']);
  expect(await loadTaskFile(taskFile, { now: 0 })).toMatchObject([
    { id: 'file-1', body: 'format lib/a: b.js', paths: ['lib/a: b.js'], lane: 'demo' },
    { id: 'index', deps: ['file-1'], paths: ['FORMATTED-2.txt'] },
  ]);
});

test('the harness makes of a file what the formatter itself makes of it, and the index lists the tree', async () => {
  const path = "lib/it's a file.js";
  const home = makeRepository(join(place.path, 'harness'), {
    [path]: "let a='1'\n",
    'biome.json': '{"root":true}',
  });
  const source = await repositorySource(home, signal);
  const [chosen] = await choose(source);
  expect(chosen?.path).toBe(path);
  await project(home);
  runHarness(home, `format ${path}\n\n## An earlier try failed\n`);
  expect(readFileSync(join(home, path), 'utf8')).toBe('let a = "1";\n');
  expect(gitIn(home, 'hash-object', '--no-filters', path)).toBe(chosen?.blob);
  runHarness(home, 'index\n');
  expect(readFileSync(join(home, 'FORMATTED.txt'), 'utf8')).toBe(`${gitIn(home, 'ls-files', '--stage')}\n`);
  expect(() => runHarness(home, 'dance\n')).toThrow(/no such job: dance/);
});

test.each([
  ['a.js', 'import a from "a";\nexport { a };\n', true],
  ['a.js', 'return 1;\n', true],
  ['a.js', 'import a from "a";\nlet b = ;\n', false],
  ['a.mjs', 'await 1;\n', true],
  ['a.mjs', 'return 1;\n', false],
  ['a.cjs', 'import a from "a";\n', false],
  ['a b.ts', 'let a: number = 1;\n', true],
  ['a b.ts', 'let a: = 1;\n', false],
])('the gate on a changed %s that holds %j is green: %s', async (path, content, green) => {
  const home = makeRepository(join(place.path, `gate-${next++}`), {
    [path]: '// first\n',
    'other.js': 'let =\n',
  });
  await project(home);
  const gate = () => gitSucceedsWith(home, join(tool.folder, 'gate.sh'));
  expect(gate()).toBe(false);
  writeFileSync(join(home, path), content);
  expect(gate()).toBe(green);
  gitIn(home, 'add', '.');
  expect(gate()).toBe(green);
  expect(gitSucceeds(home, 'diff', '--quiet', 'HEAD', '--', 'other.js')).toBe(true);
});

function gitSucceedsWith(cwd: string, script: string): boolean {
  try {
    execFileSync('sh', [script], { cwd, stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function runHarness(cwd: string, prompt: string): void {
  const file = join(place.path, 'prompt.md');
  writeFileSync(file, prompt);
  execFileSync('sh', [join(tool.folder, 'tool.sh'), file], { cwd, stdio: 'pipe' });
}

async function project(home: string): Promise<void> {
  const root = join(place.path, `project-${next++}`);
  mkdirSync(root);
  await writeProject({
    root,
    project: 'demo-x',
    tool,
    home,
    lane: 'demo',
    workers: 1,
    indexFile: 'FORMATTED.txt',
    tasks: [],
  });
}
