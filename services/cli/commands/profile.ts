/**
 * `waggle profile …`: the table of its verbs. Profiles are written in waggle.yaml; what keeps one from work, and what
 * it has used, the board knows.
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import { addCommand } from './profile/add.ts';
import { listCommand } from './profile/list.ts';
import { cooldownCommand, resumeCommand, stopCommand } from './profile/rest.ts';

/** `waggle profile`: lists them, when nothing else is said. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('profile')
    .description('list and add profiles, let them rest and go on')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle profile ls\n  waggle profile add big --harness claude --model opus --max 2\n  waggle profile cooldown big --until 30m\n  waggle profile resume big',
    )
    .addCommand(listCommand(session), { isDefault: true })
    .addCommand(addCommand(session, exit))
    .addCommand(cooldownCommand(session))
    .addCommand(stopCommand(session))
    .addCommand(resumeCommand(session));
