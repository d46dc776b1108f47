// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source code
import { describe, expect, test } from 'vitest';
import { membersOf, readModule } from './imports.ts';

const found = (source: string): string[] =>
  readModule(source).imports.map(({ specifier, kind, isType, names }) =>
    [kind, isType ? 'type' : 'value', specifier ?? '?', ...names].join(' '),
  );

describe('an import is found', () => {
  test.each<[string, string, string]>([
    ['bare', `import 'a';`, 'import value a'],
    ['of a default', `import a from "a"`, 'import value a default'],
    ['of names', `import { b, type C, d as e } from 'a';`, 'import value a b C d'],
    ['of a default and names', `import a, { b } from 'a';`, 'import value a default b'],
    ['of everything', `import * as a from 'a';`, 'import value a *'],
    ['over several lines', `import {\n  b,\n  c,\n} from 'a';`, 'import value a b c'],
    ['without blanks', `import{b}from'a'`, 'import value a b'],
    ['with comments inside', `import /* { x } from 'y' */ { b } // from 'z'\nfrom 'a'`, 'import value a b'],
    [
      'of names called type, from and as',
      `import { type, from, as } from 'a';`,
      'import value a type from as',
    ],
    ['of a renamed name called type', `import { type as b } from 'a';`, 'import value a type'],
    ['of a name in quotes', `import { 'b-c' as d } from 'a';`, 'import value a b-c'],
    ['with attributes', `import a from './a.json' with { type: 'json' };`, 'import value ./a.json default'],
    ['of a type', `import type { B } from 'a';`, 'import type a B'],
    ['of a default type', `import type B from 'a';`, 'import type a default'],
    ['of a default called type', `import type from 'a';`, 'import value a default'],
    ['of all types', `import type * as a from 'a';`, 'import type a *'],
    ['with inline types only, which loads the module', `import { type B } from 'a';`, 'import value a B'],
    ['with an escape in its name', `import { b } from '\\u0061';`, 'import value a b'],
    ['as an export of names', `export { b, type C } from 'a';`, 'export value a b C'],
    ['as an export of everything', `export * from 'a';`, 'export value a *'],
    ['as an export of everything under a name', `export * as b from 'a';`, 'export value a *'],
    ['as an export of types', `export type { B } from 'a';`, 'export type a B'],
    ['at run time', `const a = await import('a');`, 'dynamic value a'],
    ['at run time, in a template without places', 'import(`a`)', 'dynamic value a'],
    ['at run time, in the place of a template', 'const a = `x ${await import("a")} y`;', 'dynamic value a'],
    ['at run time, computed', 'import(`./${name}.js`)', 'dynamic value ?'],
    ['at run time, put together', `import('a' + b)`, 'dynamic value ?'],
    ['by require', `const a = require('a');`, 'require value a'],
    ['after a shebang', `#!/usr/bin/env node\nimport 'a';`, 'import value a'],
    [
      'after a division that looks like an expression',
      `const c = a / b; import('a'); d / e;`,
      'dynamic value a',
    ],
    [
      'after a division by what an assertion made',
      `const c = a! / b; import('a'); d / e;`,
      'dynamic value a',
    ],
    [
      'after an expression with quotes and a class',
      `s.replace(/["'\`/]/g, ''); import('a');`,
      'dynamic value a',
    ],
    ['after an expression behind a condition', `if (a) /'/.test(b); import('a');`, 'dynamic value a'],
    ['after an expression behind an arrow', `const t = () => /"/; import('a');`, 'dynamic value a'],
  ])('%s', (_, source, expected) => {
    expect(found(source)).toEqual([expected]);
  });

  test('by its line', () => {
    const { imports } = readModule(`/* one\n two */\nimport 'a';\nconst x = \`\n\n\`;\nimport('b');`);
    expect(imports.map(({ line }) => line)).toEqual([3, 7]);
  });
});

describe('no import is found', () => {
  test.each<[string, string]>([
    ['in a comment of one line', `// import 'a';`],
    ['in a comment of several lines', `/*\nimport 'a';\n*/`],
    ['in a text', `const a = "import 'a';";`],
    ['in a text with escaped quotes', `const a = 'it\\'s import "a"';`],
    ['in a template', "const a = `import 'a'; ${b} export * from 'c';`;"],
    ['in a template within a template', "const a = `${`import 'a'`} import 'b'`;"],
    ['in a regular expression', `const a = /import 'a'/;`],
    ['in import.meta', `const a = new URL('./a.ts', import.meta.url);`],
    ['in a property of that name', `a.import('b'); c?.require('d'); const e = { import: 'f' };`],
    ['in an export without a source', `const b = 1; export { b };\nexport const from = 'a';`],
    ['in an exported type', `export type A = { from: 'a' };`],
    ['in a parameter called from', `export function f({ from }: { from: 'a' }) {}`],
  ])('%s', (_, source) => {
    expect(found(source)).toEqual([]);
  });
});

test('a default export is seen in each spelling, and nowhere else', () => {
  const has = (source: string) => readModule(source).hasDefaultExport;
  expect(has('export default 1;')).toBe(true);
  expect(has('const a = 1; export { a as default };')).toBe(true);
  expect(has(`export { default } from 'a'; `)).toBe(false);
  expect(has(`// export default 1;\nconst a = 'export default 1'; export { a };`)).toBe(false);
});

describe('the members of a global', () => {
  test.each<[string, string, string[]]>([
    ['read', 'Date.now(); Date?.now();', ['now', 'now']],
    ['read by a text', `Date['now']()`, ['now']],
    ['read through globalThis', 'globalThis.Date.now()', ['now']],
    ['taken apart', 'const { now, parse: p = f(a, b), ...rest } = Date;', ['parse', 'now']],
    ['constructed without arguments', 'new Date(); new Date; new Date(5);', ['new', 'new']],
    ['called', 'Date()', ['()']],
    ['not of another object', 'mine.Date.now(); Dates.now(); const a = { now };', []],
    ['not in comments and texts', `// Date.now()\nconst a = 'Date.now()' + \`Date.now()\`;`, []],
    ['in the place of a template', 'const a = `${Date.now()}`;', ['now']],
  ])('%s', (_, source, members) => {
    expect(membersOf(readModule(source), 'Date')).toEqual(members);
  });
});

test('a source that does not end is refused instead of read half', () => {
  for (const source of [`const a = 'b`, 'const a = `b', '/* a', 'const a = /b'])
    expect(() => readModule(source)).toThrow(/end|after/);
});
