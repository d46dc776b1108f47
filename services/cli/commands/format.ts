/**
 * `waggle format`: which kinds of events the journal may hold. Raising it shuts out older versions: a decision
 * that only an operator takes, once every machine runs the new one.
 */
import { Command } from 'commander';
import { FORMAT } from '../../../shared/board/format.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { randomId } from '../../../shared/random.ts';
import { positive } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, withProject } from '../session.ts';

interface Flags {
  readonly json?: true;
}

/** `waggle format [N]`: shows the journal's format, or raises it. */
export const build: CommandModule['build'] = (session) =>
  new Command('format')
    .description("show the journal's format, or raise it once every machine runs this version")
    .argument('[format]', 'the format to write from now on; there is no way back', positive)
    .option('--json', 'answer in JSON')
    .addHelpText('after', `\nExamples:\n  waggle format\n  waggle format ${FORMAT}`)
    .action(async (wanted: number | undefined, { json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const { signal } = session;
      const { before, format } = await withProject(session, async ({ client }) => {
        const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
        if (wanted === undefined) return { before: status.format, format: status.format };
        const answer = await client.command({ v: 1, kind: 'format', id: randomId(), to: wanted }, signal);
        if (answer.status === 'ok') return { before: status.format, format: wanted };
        throw new WaggleError('refused', { message: answer.message ?? 'refused', reason: answer.code });
      });
      output.answer({ format, known: FORMAT, raised: format !== before }, () => {
        if (format !== before) return `the journal is in format ${format} from now on (before: ${before})`;
        if (format >= FORMAT) return `the journal is in format ${format}`;
        return `the journal is in format ${format}; this version writes up to ${FORMAT}: \`waggle format ${FORMAT}\` once every machine runs it`;
      });
    });
