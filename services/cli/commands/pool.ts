/**
 * `waggle pool ls`: pools of profiles, their members' states, and whose turn it was.
 */
import { Command } from 'commander';
import type { PoolView } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { LoadedConfig } from '../../../shared/config/config-file.ts';
import { askProfiles } from '../board-usage.ts';
import type { CommandModule } from '../command-module.ts';
import { poolEntry, poolTable } from '../pool-list.ts';
import { findBoth } from '../profile-sides.ts';
import { outputOf, type Session } from '../session.ts';

const HELP = `
A pool is a list of profiles of which the board chooses one for each run, by the pool's strategy. LAST is the profile
that was granted last. With no leader to ask, only waggle.yaml is shown.

Example:
  waggle pool ls`;

/** `waggle pool ls`. */
export const build: CommandModule['build'] = (session) =>
  new Command('pool')
    .description('show the pools of profiles')
    .addHelpText('after', HELP)
    .addCommand(
      new Command('ls')
        .description('list pools: strategy, profiles in order with their states, whose turn it was')
        .option('--json', 'answer in JSON')
        .addHelpText('after', HELP)
        .action(({ json }: { readonly json?: true }) => list(session, json === true)),
      { isDefault: true },
    );

async function list(session: Session, json: boolean): Promise<void> {
  const output = outputOf(session, { json });
  const { config, board } = await findBoth(session, output, ({ client }) =>
    askProfiles(client, session.signal),
  );
  const pools = (board?.pools ?? localPools(config)).map((pool) =>
    poolEntry(pool, board?.profiles ?? [], systemClock.now()),
  );
  output.answer(pools, () => (pools.length === 0 ? 'no pool is configured' : poolTable(pools, output.paint)));
}

function localPools(config: LoadedConfig | undefined): PoolView[] {
  return Object.entries(config?.board.pools ?? {}).map(([name, pool]) => ({ name, ...pool }));
}
