import { expect, test } from 'vitest';
import { roomUnder, watchStore } from '../../../../infra/nats/full-store.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

const MIB = 1024 * 1024;

/** Looks once at each amount of room; how often it was told that there is room again, after each look. */
async function tellings(rooms: readonly (number | Error)[]): Promise<{ told: number[]; said: string[] }> {
  const over = new AbortController();
  const told: number[] = [];
  const log = keptLog();
  let [n, count] = [-1, 0];
  await watchStore(
    {
      room: async () => {
        const room = rooms[n] ?? 0;
        if (room instanceof Error) throw room;
        return room;
      },
      clock: {
        now: () => 0,
        monotonic: () => 0,
        sleep: async () => {
          if (n >= 0) told.push(count);
          n += 1;
          if (n === rooms.length) over.abort();
        },
      },
      log,
      onRoom: () => {
        count += 1;
      },
    },
    over.signal,
  );
  return { told, said: log.lines.map(({ message }) => message) };
}

test('a store that was full and has room again is told of, once', async () => {
  const { told, said } = await tellings([900 * MIB, 0, 4_096, 64 * MIB, 900 * MIB]);
  expect(told).toEqual([0, 0, 0, 1, 1]);
  expect(said).toEqual([
    'the disk under the bus is full: nothing can be stored until there is room',
    'there is room for the bus again: its server is started anew',
  ]);
});

test('a store at its limit does not tell again and again', async () => {
  const { told } = await tellings([MIB, 3 * MIB, MIB, 3 * MIB, 20 * MIB, 3 * MIB, 20 * MIB]);
  expect(told).toEqual([0, 0, 0, 0, 1, 1, 1]);
});

test('that the room cannot be looked at is said once, and looked at again', async () => {
  const { told, said } = await tellings([0, new Error('gone'), new Error('gone'), 900 * MIB]);
  expect(told).toEqual([0, 0, 0, 1]);
  expect(said.filter((line) => line.includes('cannot be looked at'))).toHaveLength(1);
});

test('the room under a folder is what the system says', async () => {
  const folder = temporaryFolder();
  expect(await roomUnder(folder.path)).toBeGreaterThan(MIB);
  folder.remove();
});
