import { describe, expect, it } from 'vitest';
import { drift, messages } from '../../../schemas/generate.ts';
import * as validators from '../../../schemas/generated/validators.ts';

describe('the generated files', () => {
  it('are what the schemas say', async () => {
    expect(await drift()).toEqual([]);
  });

  it('hold one validator for each message and no other', () => {
    const names = Object.keys(messages).map((name) => `is${name}`);
    expect(Object.keys(validators).sort()).toEqual(names.sort());
  });
});
