import { expect, it } from 'vitest';
import { check } from '../../../schemas/index.ts';
import { emptyConfig } from '../../../shared/board/state.ts';

it('a map refuses a key that is no name, instead of letting its value pass unseen', () => {
  expect(check('BoardConfig', emptyConfig)).toMatchObject({ ok: true });
  expect(check('BoardConfig', { ...emptyConfig, lanes: { Main: 'anything' } })).toMatchObject({
    ok: false,
    path: 'lanes.Main',
  });
});
