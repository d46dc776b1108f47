/**
 * `waggle orchestrator`: the service in the foreground, logging JSON lines to standard error. Of several, one leads and
 * the others stand by.
 */
import { Command } from 'commander';
import { openContext } from '../../../shared/service/context.ts';
import { orchestratorMain } from '../../orchestrator/main.ts';
import type { CommandModule } from '../command-module.ts';

export const build: CommandModule['build'] = (session) =>
  new Command('orchestrator')
    .description('run an orchestrator until Ctrl-C; one leads and owns the task board, more stand by')
    .option(
      '--accept-journal-loss',
      'go on from what is left of a journal that was purged, cut or created anew; once, and for good',
      false,
    )
    .action(async ({ acceptJournalLoss }: { acceptJournalLoss: boolean }) => {
      const context = await openContext({ ...session, service: 'orchestrator' });
      await orchestratorMain(context, { acceptJournalLoss }, session.signal);
    });
