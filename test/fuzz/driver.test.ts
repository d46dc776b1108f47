/**
 * The fuzz driver notices what it is there for: each kind of fault, planted, is found, named and repeated.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { WaggleError } from '../../shared/errors.ts';
import { gapsIn } from './coverage.ts';
import { findingText, repeatCommand } from './finding.ts';
import { fuzz, judgeNumber } from './fuzz.ts';
import { growingFor, inputFor, randomOf } from './generator.ts';
import { judge, judgeGrowth, judgeMemory } from './judge.ts';
import { shrunk } from './shrink.ts';
import { bytesTarget, streamTarget, type Target, textTarget } from './target.ts';
import { targets } from './targets.ts';

const seed = '1';
const found = (target: Target) => fuzz({ targets: [target], seed, ms: 0, least: 240 });

describe('a planted fault is found', () => {
  test('an error of no kind that was declared, with an input that was made small', async () => {
    const target = textTarget('throws', 'a test', ['{"name":"value"}'], (text) => {
      if (text.includes('__proto__')) throw new TypeError('no such thing');
      return undefined;
    });
    const [finding] = (await found(target)).findings;
    expect(finding).toMatchObject({ fault: 'crash', seed, target: 'throws' });
    expect(Buffer.from(finding!.input).toString()).toBe('__proto__');
    expect(findingText(finding!)).toContain('npm run fuzz -- --target throws --hex 5f5f70726f746f5f5f');
  });

  test('the same input comes back from seed and number', async () => {
    const target = textTarget('throws', 'a test', ['abc'], (text) => {
      if (text.length > 40) throw new TypeError('too long');
      return undefined;
    });
    const [finding] = (await found(target)).findings;
    const again = await judgeNumber(target, seed, finding!.number!);
    expect(again?.verdict.fault).toBe('crash');
    expect(repeatCommand({ ...finding!, input: new Uint8Array(5_000) })).toBe(
      `npm run fuzz -- --target throws --seed 1 --number ${finding?.number}`,
    );
  });

  test('a pattern that takes the square of the length', async () => {
    const target = textTarget('slow', 'a test', ['a'], (text) => /(a|b)+c$/.test(text), { most: 12 * 1024 });
    const growing = { head: new Uint8Array(), pump: Buffer.from('a'), tail: Buffer.from('!') };
    expect((await judgeGrowth(target, growing))?.verdict.fault).toBe('growth');
  }, 120_000);

  test('a pattern that never ends', async () => {
    const target = textTarget('stuck', 'a test', ['a'], (text) => /^(a+)+$/.test(text), { boundMs: 300 });
    const verdict = await judge(target, Buffer.from(`${'a'.repeat(60)}!`));
    expect(verdict?.fault).toBe('hang');
  }, 120_000);

  test('a promise that never settles', async () => {
    const target = bytesTarget('waits', 'a test', ['a'], () => new Promise(() => {}), { boundMs: 300 });
    expect((await judge(target, Buffer.from('a')))?.fault).toBe('hang');
  }, 120_000);

  test('a reader that keeps what it has read', async () => {
    const target = streamTarget(
      'keeps',
      'a test',
      ['a'],
      () => {
        const kept: Uint8Array[] = [];
        return {
          kept,
          push(bytes) {
            kept.push(Uint8Array.from(bytes));
            return [];
          },
          end: () => [],
        };
      },
      { keeps: { each: 0, besides: 32 * 1024 } },
    );
    expect((await found(target)).findings.map(({ fault }) => fault)).toContain('memory');
  }, 120_000);

  test('a stream that says something else when it is cut elsewhere', async () => {
    const target = streamTarget('cut', 'a test', ['é'], () => ({
      kept: undefined,
      push: (bytes) => [...Buffer.from(bytes).toString('utf8')],
      end: () => [],
    }));
    expect((await found(target)).findings[0]).toMatchObject({ fault: 'crash' });
  });

  test('a prototype that was changed, and a value that was given one', async () => {
    const shared = textTarget(
      'pollutes',
      'a test',
      ['{"__proto__":{"a":1}}'],
      (text) => {
        const to: Record<string, Record<string, unknown>> = {};
        const from = JSON.parse(text) as Record<string, Record<string, unknown>>;
        for (const [key, value] of Object.entries(from)) Object.assign((to[key] ??= {}), value);
        return to;
      },
      { isRefusal: () => true },
    );
    const input = Buffer.from('{"__proto__":{"polluted":true}}');
    expect((await judge(shared, input))?.says).toBe('Object.prototype has got polluted');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const own = textTarget('given', 'a test', ['{}'], (text) => {
      const to: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(JSON.parse(text) as object)) to[key] = value;
      return [to];
    });
    expect((await judge(own, input))?.fault).toBe('prototype');
  });
});

describe('what is as it should be is not blamed', () => {
  const fine = textTarget('fine', 'a test', ['{"a":[1,2]}'], (text) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new WaggleError('usage', { message: 'not JSON' });
    }
  });

  test('neither for a refusal, nor for time or memory in proportion', async () => {
    expect(await found(fine)).toMatchObject({ findings: [] });
    const growing = growingFor(fine, randomOf(seed, 'fine', 3));
    expect(await judgeGrowth(fine, growing)).toBeUndefined();
    expect(await judgeMemory(fine, Buffer.from(`[${'[],'.repeat(9_000)}1]`))).toBeUndefined();
  });

  test('and the same seed makes the same inputs, another one others', () => {
    const make = (from: string) =>
      Array.from({ length: 50 }, (_, at) =>
        Buffer.from(inputFor(fine, randomOf(from, 'fine', at))).toString('hex'),
      );
    expect(make('1')).toEqual(make('1'));
    expect(make('1')).not.toEqual(make('2'));
  });
});

test('an input is made small without losing what it shows', async () => {
  const holds = async (input: Uint8Array) => Buffer.from(input).includes('xy');
  const small = await shrunk(Buffer.from(`${'a'.repeat(400)}xy${'b'.repeat(300)}`), holds);
  expect(Buffer.from(small).toString()).toBe('xy');
});

test('every file that parses by its own hand has a target, or a reason to have none', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const names = targets.map(({ name }) => name);
  expect(gapsIn(root, names)).toEqual([]);
  expect(gapsIn(root, [])).toContain('there is no target yaml');
});
