/**
 * Whatever comes as a message: each kind goes through both encodings unchanged, and of anything else there is one sentence
 * of what is wrong, whose length does not hang on the message's.
 */
import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { check } from '../../../schemas/index.ts';
import { decode, encode, tryDecode } from '../../../shared/bus/codec.ts';
import { type ErrorCode, errorTable, isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { errorOf, refusalLine } from '../../../shared/socket/refusal.ts';
import { readRequest } from '../../../shared/socket/request.ts';
import { goldenOf, messageNames } from '../../fuzz/samples.ts';

const samples = messageNames.flatMap((name) => goldenOf(name).map((value) => ({ name, value })));
const FAULT_CHARS = 1_500;

const value = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
});

test('each kind of message goes through both encodings unchanged', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.constantFrom('json', 'msgpack'),
      ({ name, value }, format) => {
        const encoded = encode(name, value as never, format as 'json');
        expect(decode(name, encoded)).toEqual(value);
      },
    ),
  );
});

describe('anything else is refused in one sentence', () => {
  test('bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messageNames), fc.uint8Array({ maxLength: 200 }), (name, payload) => {
        const tried = tryDecode(name, { payload, headers: {} });
        if (!tried.ok) expect(tried.fault.length).toBeLessThan(FAULT_CHARS);
      }),
    );
  });

  test('values of every kind that MessagePack knows', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        value,
        fc.string(),
        ({ name, value: sample }, strange, key) => {
          const message = { ...(sample as object), [key]: strange };
          let payload: Uint8Array;
          try {
            payload = pack(message);
          } catch {
            return; // It cannot be sent at all.
          }
          const tried = tryDecode(name, { payload, headers: {} });
          if (!tried.ok) expect(tried.fault.length).toBeLessThan(FAULT_CHARS);
        },
      ),
    );
  });

  test('keys as long as the message', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.string({ minLength: 2_000, maxLength: 9_000 }),
        ({ name, value: sample }, key) => {
          const checked = check(name, { ...(sample as object), [key]: 1 });
          if (!checked.ok) expect(checked.fault.length).toBeLessThan(FAULT_CHARS);
        },
      ),
    );
  });

  test('and no prototype changes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.constantFrom('__proto__', 'constructor', 'toString'),
        ({ name, value: sample }, key) => {
          const json = `{"${key}":{"polluted":true},${JSON.stringify(sample).slice(1)}`;
          const tried = tryDecode(name, { payload: Buffer.from(json), headers: {} });
          expect(Reflect.get({}, 'polluted')).toBeUndefined();
          if (tried.ok) expect(Object.getPrototypeOf(tried.value)).toBe(Object.prototype);
        },
      ),
    );
  });
});

describe('a line of the socket', () => {
  test('is a request of this project, or is answered with a line of the contract', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.constantFrom(...goldenOf('SocketRequest').map((one) => JSON.stringify(one))),
    );
    fc.assert(
      fc.property(line, fc.boolean(), (text, needsProject) => {
        const read = readRequest(text, { project: 'demo', needsProject });
        if (read.ok) return;
        const answer: unknown = JSON.parse(JSON.stringify(refusalLine(read.error, read.reqId)));
        expect(check('SocketLine', answer)).toMatchObject({ ok: true });
      }),
    );
  });

  test('brings the details of every error of the table back', () => {
    const word = fc.stringMatching(/^[a-z]{3,12}$/);
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])), word, (code, value) => {
        const names = [...errorTable[code].message.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
        const details = Object.fromEntries(names.map((name, at) => [name, `${value}${at}`]));
        const error = errorOf(refusalLine(new WaggleError(code, details), undefined));
        expect(error).toMatchObject({ code, details });
      }),
    );
  });

  test('that tells of a failure becomes an error of the table with its words', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ maxLength: 30 }),
        (message, code) => {
          const error = errorOf({
            ok: false,
            error: { code: 'internal', message, retryable: false, cause: { code, exit_code: 1 } },
          });
          expect(isWaggleError(error)).toBe(true);
          expect(error.message).toBe(message);
        },
      ),
    );
  });
});
