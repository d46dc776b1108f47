import { expect, it } from 'vitest';
import { configShape } from '../../../../shared/config/config-shape.ts';
import { disagreements } from './schema-agreement.ts';

it('the shape of waggle.yaml agrees with its schema, key by key', () => {
  expect(disagreements(configShape, 'ConfigFile')).toEqual([]);
});
