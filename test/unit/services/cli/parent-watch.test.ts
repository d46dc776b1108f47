import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { onParentGone } from '../../../../services/cli/parent-watch.ts';
import { waitUntil } from '../../../support/fake-harness-watch.ts';

test('the end of the pipe is noticed once, whatever was written to it before', async () => {
  const stdin = new PassThrough();
  let gone = 0;
  onParentGone(stdin, () => {
    gone += 1;
  });
  stdin.write('nobody reads this');
  await new Promise((resolve) => setImmediate(resolve));
  expect(gone).toBe(0);
  stdin.end();
  await waitUntil('it was noticed', () => gone > 0);
  stdin.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(gone).toBe(1);
});
