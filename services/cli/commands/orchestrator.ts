/**
 * `waggle orchestrator`: the service in the foreground, logging JSON lines to standard error.
 */
import { Command } from 'commander';
import { openContext } from '../../../shared/service/context.ts';
import { orchestratorMain } from '../../orchestrator/main.ts';
import type { CommandModule } from '../command-module.ts';

export const build: CommandModule['build'] = (session) =>
  new Command('orchestrator')
    .description('run an orchestrator until Ctrl-C; it owns the task board')
    .action(async () => {
      const context = await openContext({ ...session, service: 'orchestrator' });
      await orchestratorMain(context, {}, session.signal);
    });
