/**
 * The verbs that move tasks: start, close, block, reopen, retry, cancel. All ids are looked up before the first
 * command is sent; from then on each task is a matter of its own, and the answer says what became of each.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandOf, TaskView } from '../../../../schemas/index.ts';
import { LINE_LIMIT } from '../../../../schemas/limits.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import { count } from '../../arguments.ts';
import { commitHash } from '../../commit-hash.ts';
import { type Moved, movesEnvelope, movesText } from '../../moves.ts';
import { type BoardFlags, onBoard, type TaskDesk, verb } from './desk.ts';
import { resolveTasks } from './resolve.ts';

type MoveKind = 'start' | 'close' | 'block' | 'reopen' | 'retry' | 'cancel';
type MoveCommand = CommandOf<MoveKind>;

interface Flags extends BoardFlags {
  readonly revision?: number;
  readonly reason?: string;
  readonly takeover?: boolean;
  readonly commit?: string;
  readonly change?: boolean;
  readonly waiveGates?: string;
}

/** The verbs with their flags. */
export function moveCommands(desk: TaskDesk): Command[] {
  const reason = ['-r, --reason <text>', 'why, for whoever looks at it later', line] as const;
  return [
    move(desk, 'start', 'work on it yourself: a grant without a lease').option(
      '--takeover',
      "take over a task that another person started (a worker's is never taken)",
    ),
    move(desk, 'close', 'say that it is done')
      .option('--commit <hash>', 'the commit that did it', commitHash)
      .option('--no-change', 'nothing had to be committed')
      .option('--waive-gates <why>', 'close without the gates it requires, saying why', line)
      .option(...reason),
    move(desk, 'block', 'hold it back until somebody reopens it').requiredOption(...reason),
    move(desk, 'reopen', 'open a task that was blocked or has ended').option(...reason),
    move(desk, 'retry', 'open a blocked or failed task with its tries forgotten').option(...reason),
    move(desk, 'cancel', 'give it up; a run that works on it is stopped').option(...reason),
  ];
}

function move(desk: TaskDesk, kind: MoveKind, summary: string): Command {
  return verb(kind, summary)
    .argument('<ids...>', 'ids, or beginnings of them that no other task has')
    .option('--revision <number>', 'only if the task is still at this revision', count)
    .action(async (ids: readonly string[], flags: Flags) => {
      if (kind === 'close' && (flags.commit === undefined) === (flags.change !== false)) {
        const message = 'say how it was done: --commit HASH, or --no-change';
        throw new WaggleError('usage', { message });
      }
      const { signal } = desk.session;
      const moved = await onBoard(desk, flags, async ({ client, agent }) => {
        const done: Moved[] = [];
        for (const view of await resolveTasks(client, ids, signal)) {
          const answer = await client.command(commandOf(kind, view, flags), signal);
          done.push({ verb: kind, by: agent, view, answer });
        }
        return done;
      });
      const envelope = movesEnvelope(desk.command, moved);
      if (envelope.status === 'success') desk.succeed(envelope, () => movesText(moved));
      else {
        const done = moved.filter(({ answer }) => answer.status === 'ok');
        if (done.length > 0) desk.output.say(movesText(done));
        desk.refuse(envelope);
      }
    });
}

function commandOf(kind: MoveKind, { task }: TaskView, flags: Flags): MoveCommand {
  const { revision } = flags;
  const reason = flags.reason === undefined ? {} : { reason: flags.reason };
  const head = {
    v: 1,
    id: randomId(),
    task: task.id,
    ...(revision === undefined ? {} : { revision }),
  } as const;
  switch (kind) {
    case 'start':
      return { ...head, kind, ...(flags.takeover === true ? { takeover: true } : {}) };
    case 'close':
      return {
        ...head,
        ...reason,
        kind,
        ...(flags.commit === undefined ? { no_change: true } : { commit: flags.commit }),
        ...(flags.waiveGates === undefined ? {} : { waive_gates: flags.waiveGates }),
      };
    case 'block':
      return { ...head, kind, reason: flags.reason ?? 'blocked' };
    default:
      return { ...head, ...reason, kind };
  }
}

function line(text: string): string {
  const wanted = text.trim();
  if (wanted.length >= 1 && wanted.length <= LINE_LIMIT) return wanted;
  throw new InvalidArgumentError(`expected 1 to ${LINE_LIMIT} characters of text.`);
}
