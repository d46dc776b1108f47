/**
 * The rules of DESIGN 6 about who may import and touch what. Each rule reads the sources as text and names every
 * file that breaks it; exceptions are data, each with its reason. Each rule also has a sample that must break it,
 * because a rule that cannot fail proves nothing.
 */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Import } from './support/imports.ts';
import { pure } from './support/pure-files.ts';
import { forFiles, forGlobals, forImports, isIn, isTest, packageOf, type Rule } from './support/rules.ts';
import { cyclesIn, loadedWith, readTree, type Source, targetOf, treeOf } from './support/source-tree.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};
const folders = ['shared', 'services', 'schemas', 'infra', 'test'];

const serviceOf = (path: string): string | undefined => /^services\/([^/]+)\//.exec(path)?.[1];

/** What may import what, between the folders and inside `services`. */
const exceptionsBetweenServices = [
  {
    from: 'services/cli/commands/',
    to: 'services/*/main.ts',
    reason: 'a command runs the service of its name in its own process; main.ts is the door of each service',
  },
];

const layers: Readonly<Record<string, readonly string[]>> = {
  schemas: ['schemas/'],
  shared: ['shared/', 'schemas/'],
  services: ['services/', 'shared/', 'schemas/'],
  infra: ['infra/', 'services/', 'shared/', 'schemas/'],
};
const exceptionsOfLayers = [
  {
    from: 'services/cli/',
    to: 'infra/nats/',
    reason: '`waggle up`, `nats` and `doctor` find and run the embedded server',
  },
  {
    from: 'services/cli/up/',
    to: 'infra/supervisor/',
    reason: '`waggle up` supervises what it starts',
  },
];

/** Data structures and measures: they do no I/O. */
const pureLibraries = ['tinyqueue', 'fastest-levenshtein'];
const exceptionsOfPurity = [
  {
    file: 'shared/config/lane-home.ts',
    imports: 'node:path',
    reason: 'computes with text: its folder is absolute',
  },
];
const isImpure = (source: Source, one: Import): boolean =>
  targetOf(source, one) === undefined &&
  !pureLibraries.includes(one.specifier ?? '') &&
  !exceptionsOfPurity.some(({ file, imports }) => source.path === file && one.specifier === imports);

/** These run before anything is installed or built, so no port of ours is there yet. */
const setup = 'infra/setup/';

/** May start processes. Only the one in `shared/git` runs git. */
const spawners = [
  'shared/git/git.ts',
  'shared/harness/',
  'shared/process/process-table.ts',
  'infra/nats/',
  'infra/setup/',
  'infra/supervisor/',
  // It stands for a person at a terminal, who runs `waggle` and the sample's own tools.
  'infra/demo/',
];
const gitRunners = [
  'shared/git/git.ts',
  // Looks for git before anything is built.
  'infra/setup/machine.mjs',
];

const environmentReaders = [
  'shared/config/environment.ts',
  'shared/git/environment.ts',
  'services/*/main.ts',
  'services/cli/process-session.ts',
  'infra/*/main.ts',
  setup,
];

/** Settings of the test runner. */
const withDefaultExport = [
  'infra/vitest.config.ts',
  'infra/vitest.harness.config.ts',
  'infra/vitest.long.config.ts',
  'infra/vitest.simulation.config.ts',
];
const runtimeSchemas = [
  'schemas/index.ts',
  'schemas/limits.ts',
  'schemas/validation.ts',
  'schemas/generated/',
];
const longestFile = 400;

const startsProcesses = (specifier: string): boolean =>
  /^(node:)?(child_process|cluster)$/.test(specifier) || packageOf(specifier) === 'execa';
const isRandom = (name: string): boolean => /^random|^getRandom|^pseudoRandom|^webcrypto$/.test(name);

const rules: readonly Rule[] = [
  {
    says: 'services never import each other',
    breaches: forImports(({ path }, _, target) => {
      const [from, to] = [serviceOf(path), serviceOf(target ?? '')];
      const isForeign = from !== undefined && to !== undefined && from !== to;
      return (
        isForeign &&
        !exceptionsBetweenServices.some((one) => isIn(path, [one.from]) && isIn(target ?? '', [one.to]))
      );
    }),
    sample: { 'services/worker/a.ts': `import type { B } from '../committer/main.ts';` },
  },
  {
    says: 'schemas stand alone, shared knows no service, and nothing that ships knows the tests',
    breaches: forImports(({ path }, _, target) => {
      if (target === undefined || isIn(target, layers[path.split('/', 1)[0] ?? ''] ?? [])) return false;
      return !exceptionsOfLayers.some(({ from, to }) => isIn(path, [from]) && isIn(target, [to]));
    }),
    sample: { 'shared/a.ts': `import type { B } from '../services/b.ts';` },
  },
  {
    says: 'pure files load nothing that does I/O, directly or by others',
    breaches: (tree) =>
      [...tree.values()]
        .filter(({ path }) => isIn(path, pure))
        .flatMap(({ path }) =>
          loadedWith(tree, path).flatMap((source) =>
            source.module.imports
              .filter((one) => !one.isType && isImpure(source, one))
              .map(({ specifier }) => `${path} reaches ${specifier} by ${source.path}`),
          ),
        ),
    sample: {
      'shared/board/a.ts': `import { b } from '../b.ts';`,
      'shared/b.ts': `import { readFile } from 'node:fs/promises';`,
    },
  },
  {
    says: 'pure files name no built-in module and no client library, not even for types',
    breaches: forImports((source, one) => isIn(source.path, pure) && isImpure(source, one)),
    sample: { 'services/worker/verdict.ts': `import type { NatsConnection } from 'nats';` },
  },
  {
    says: 'only shared/bus/nats imports the NATS client',
    breaches: forImports(
      ({ path }, { specifier = '' }) =>
        /^(nats|@nats-io\/.*)$/.test(packageOf(specifier)) && !isIn(path, ['shared/bus/nats/']),
    ),
    sample: { 'shared/bus/journal.ts': `import type { JetStreamClient } from '@nats-io/jetstream';` },
  },
  {
    says: 'only shared/git runs git',
    breaches: forFiles(({ path, module: { tokens } }) => {
      if (!isIn(path, spawners) || isIn(path, gitRunners)) return false;
      return tokens.some(
        ({ kind, value }, at) =>
          kind === 'text' && /^(\S*\/)?git$/.test(value) && ['(', '['].includes(tokens[at - 1]?.value ?? ''),
      );
    }),
    sample: {
      'infra/nats/a.ts': `import { execFile } from 'node:child_process'; execFile('git', ['status']);`,
    },
  },
  {
    says: 'only git, the harness, the process table and what sets up and supervises start processes',
    breaches: forImports(
      ({ path }, { specifier = '' }) => startsProcesses(specifier) && !isIn(path, spawners),
    ),
    sample: { 'services/worker/a.ts': `import { spawn } from 'node:child_process';` },
  },
  {
    says: 'nothing goes through a shell by a line of text',
    breaches: forImports(
      (_, { specifier = '', names }) =>
        startsProcesses(specifier) &&
        names.some((name) => ['exec', 'execSync', 'execaCommand', '*'].includes(name)),
    ),
    sample: { 'shared/harness/a.ts': `import { exec } from 'node:child_process';` },
  },
  {
    says: 'the clock is read in shared/clock.ts alone',
    breaches: forGlobals(
      { Date: ['now', 'new', '()'], performance: ['now', 'timeOrigin'], process: ['hrtime', 'uptime'] },
      ['shared/clock.ts', setup],
    ),
    sample: { 'shared/a.ts': 'const a = new Date();' },
  },
  {
    says: 'and by no module of Node',
    breaches: forImports(
      (_, { specifier }) => specifier === 'node:perf_hooks' || specifier === 'node:process',
    ),
    sample: { 'shared/a.ts': `import { performance } from 'node:perf_hooks';` },
  },
  {
    says: 'randomness is drawn in shared/random.ts alone',
    breaches: (tree) => [
      ...forGlobals({ Math: ['random'], crypto: ['randomUUID', 'getRandomValues'] }, ['shared/random.ts'])(
        tree,
      ),
      ...forImports(
        ({ path }, { specifier, names }) =>
          specifier === 'node:crypto' &&
          path !== 'shared/random.ts' &&
          names.some((name) => isRandom(name) || name === '*'),
      )(tree),
    ],
    sample: { 'shared/a.ts': `import { randomUUID } from 'node:crypto';`, 'shared/b.ts': 'Math.random();' },
  },
  {
    says: 'the environment is read in configuration and entry points alone',
    breaches: forGlobals({ process: ['env'] }, environmentReaders),
    sample: { 'shared/a.ts': 'const { env } = process;' },
  },
  {
    says: 'imports make no cycle, not even of types',
    breaches: (tree) => cyclesIn(tree).map((knot) => knot.join(' and ')),
    sample: {
      'shared/a.ts': `import { b } from './b.ts';`,
      'shared/b.ts': `export { c } from './c.ts';`,
      'shared/c.ts': `import type { A } from './a.ts';`,
    },
  },
  {
    says: 'what is imported by a path is a source, with its own ending',
    breaches: (tree) =>
      [...tree.values()].flatMap((source) =>
        source.module.imports.flatMap((one) => {
          const target = targetOf(source, one);
          const isThere = target === undefined || tree.has(target) || target.includes('/generated/');
          return isThere ? [] : `${source.path}:${one.line} imports ${one.specifier}`;
        }),
      ),
    sample: { 'shared/a.ts': `import { b } from './b.js';` },
  },
  {
    says: 'built-in modules are imported with node:',
    breaches: forImports((_, { specifier = '' }) => isBuiltin(specifier) && !specifier.startsWith('node:')),
    sample: { 'shared/a.ts': `import { join } from 'path';` },
  },
  {
    says: 'what is imported is written out',
    // The set-up loads what it has just built.
    breaches: forImports(({ path }, { specifier }) => specifier === undefined && !isIn(path, [setup])),
    sample: { 'shared/a.ts': 'await import(name);' },
  },
  {
    says: 'what runs imports only packages that are installed with it',
    breaches: forImports(
      ({ path }, { specifier, isType }, target) =>
        specifier !== undefined &&
        target === undefined &&
        !isType &&
        !isBuiltin(specifier) &&
        !Object.hasOwn(dependencies, packageOf(specifier)) &&
        !(isIn(path, ['schemas/']) && !isIn(path, runtimeSchemas)) &&
        !isIn(path, withDefaultExport),
    ),
    sample: { 'schemas/limits.ts': `import { Type } from 'typebox';` },
  },
  {
    says: 'schemas are loaded by nobody who runs: only their types, limits and generated validators are',
    breaches: forImports(
      ({ path }, { isType }, target = '') =>
        (!path.startsWith('schemas/') || isIn(path, runtimeSchemas)) &&
        isIn(target, ['schemas/']) &&
        !isIn(target, runtimeSchemas) &&
        !isType,
    ),
    sample: { 'shared/a.ts': `import { Claim } from '../schemas/claim.ts';` },
  },
  {
    says: 'schemas/index.ts is the one barrel',
    breaches: forImports(({ path }, { kind }) => kind === 'export' && path !== 'schemas/index.ts'),
    sample: { 'shared/a.ts': `export { b } from './b.ts';` },
  },
  {
    says: 'exports have names',
    breaches: forFiles(({ path, module }) => module.hasDefaultExport && !isIn(path, withDefaultExport)),
    sample: { 'shared/a.ts': 'export default 1;' },
  },
  {
    says: 'every file that ships says at its head what it owns',
    breaches: forFiles(
      ({ path, text }) => !isTest(path) && !/^(#!.*\n)?\/\*\*\n( \*.*\n)+ \*\/\n/.test(text),
    ),
    sample: { 'shared/a.ts': `import 'b';\n/**\n * Too late.\n */\n` },
  },
  {
    says: `no file has more than ${longestFile} lines`,
    breaches: forFiles(({ text }) => text.trimEnd().split('\n').length > longestFile),
    sample: { 'shared/a.ts': '\n'.repeat(longestFile).concat('const a = 1;') },
  },
];

describe('the sources obey', () => {
  const tree = readTree(root, folders);

  test.each(rules)('$says', ({ breaches }) => {
    expect(breaches(tree)).toEqual([]);
  });

  test('files that a rule names are there', () => {
    const lists = [pure, spawners, gitRunners, environmentReaders, withDefaultExport].flat();
    const named = lists.filter((place) => !place.includes('*'));
    expect(named.filter((place) => ![...tree.keys()].some((path) => isIn(path, [place])))).toEqual([]);
  });
});

describe('a breach is found', () => {
  test.each(rules)('$says', ({ breaches, sample }) => {
    const [path] = Object.keys(sample);
    expect(breaches(treeOf(Object.entries(sample))).join('\n')).toContain(path);
  });
});
