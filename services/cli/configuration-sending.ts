/**
 * Making the board obey a configuration: all of it goes out, unless the board has that very one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { BoardConfig, CommandAnswer } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';

/** `current`: what the board has now. */
export async function sendConfiguration(
  client: BoardClient,
  config: BoardConfig,
  current: BoardConfig,
  signal: AbortSignal,
): Promise<CommandAnswer | 'unchanged'> {
  if (isDeepStrictEqual(current, config)) return 'unchanged';
  return client.command({ v: 1, kind: 'configure', id: randomId(), config }, signal);
}
