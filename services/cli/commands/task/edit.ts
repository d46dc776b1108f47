/**
 * `task edit`: changes fields of one task, by flags or by a patch.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../../../shared/clock.ts';
import { taskFileInvalid } from '../../../../shared/config/task-file.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import { count } from '../../arguments.ts';
import { movesEnvelope, movesText } from '../../moves.ts';
import { type DraftFlags, draftOf, withDraftFlags } from '../../task-draft.ts';
import { addListTo } from '../../task-filter.ts';
import { readPatch } from '../../task-patch.ts';
import { bodyOf } from './body.ts';
import { type BoardFlags, onBoard, type TaskDesk, verb } from './desk.ts';
import { resolveTasks } from './resolve.ts';

interface Flags extends DraftFlags, BoardFlags {
  readonly bodyFile?: string;
  readonly clear?: readonly string[];
  readonly patch?: unknown;
  readonly revision?: number;
}

/** `task edit ID`. */
export const editCommand = (desk: TaskDesk): Command =>
  withDraftFlags(verb('edit', 'change fields of a task'))
    .argument('<id>', 'its id, or a beginning of it that no other has')
    .option('-t, --title <title>', 'its title')
    .option('--no-heavy', 'takes no heavy slot')
    .option(
      '--clear <field>',
      'empty a field such as parent, deps, body; repeat it, or use commas',
      addListTo,
    )
    .option('--patch <json>', 'fields to change as a JSON object; null empties one', json)
    .option('--revision <number>', 'only if the task is still at this revision', count)
    .action(async (id: string, flags: Flags) => {
      const { session } = desk;
      const patch = await patchOf(flags, desk);
      const moved = await onBoard(desk, flags, async ({ client, agent }) => {
        const [view] = await resolveTasks(client, [id], session.signal);
        if (view === undefined) return [];
        const { revision } = flags;
        const answer = await client.command(
          {
            v: 1,
            kind: 'edit',
            id: randomId(),
            task: view.task.id,
            patch,
            ...(revision === undefined ? {} : { revision }),
          },
          session.signal,
        );
        return [{ verb: 'edit' as const, by: agent, view, answer }];
      });
      const envelope = movesEnvelope(desk.command, moved);
      if (envelope.status === 'success') desk.succeed(envelope, () => movesText(moved));
      else desk.refuse(envelope);
    });

async function patchOf(flags: Flags, desk: TaskDesk) {
  const body = await bodyOf(flags, desk.session);
  const fields: Record<string, unknown> = {
    ...draftOf(flags),
    ...(body === undefined ? {} : { body }),
    ...Object.fromEntries((flags.clear ?? []).map((field) => [field.replaceAll('-', '_'), null])),
  };
  if (flags.patch !== undefined && Object.keys(fields).length > 0) {
    throw new WaggleError('usage', { message: 'expected --patch or flags for single fields, got both' });
  }
  const read = readPatch(flags.patch ?? fields, systemClock.now());
  if (!read.ok) throw taskFileInvalid(read.problems);
  return read.value;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('expected a JSON object.');
  }
}
