/**
 * `waggle explain`: asks the board for the rules that hold a task back, and prints them as the board words them.
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import { printable } from '../printable.ts';
import { outputOf, withProject } from '../session.ts';

/** `waggle explain TASK`: every rule that holds it back, or the word that none does. */
export const build: CommandModule['build'] = (session) =>
  new Command('explain')
    .description('say which rule holds a task back')
    .argument('<task>', 'its id, or a beginning of it that no other has')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExample:\n  waggle explain parser-7')
    .action(async (id: string, flags: { readonly json?: boolean }) => {
      const output = outputOf(session, flags);
      const answer = await withProject(session, ({ client }) =>
        client.query({ v: 1, kind: 'explain', id }, session.signal),
      );
      const { state, reasons } = answer;
      output.answer({ id: answer.id, state, reasons }, () => {
        const lines = reasons.map(({ rule, message }) => `  ${rule}: ${printable(message)}`);
        return [`${output.paint('bold', answer.id)} is ${state}`, ...lines].join('\n');
      });
    });
