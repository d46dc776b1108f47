/**
 * Which tasks a listing wants, as flags say it. Pure.
 */
import { InvalidArgumentError } from 'commander';
import type { Priority, TaskState, TaskView } from '../../schemas/index.ts';
import { suggestion } from '../../shared/config/nearest-name.ts';
import { priority as priorityShape } from '../../shared/config/task-shape.ts';

export interface TaskFilter {
  readonly status?: readonly TaskState[];
  readonly state?: readonly TaskState[];
  readonly label: readonly string[];
  readonly lane?: string;
  readonly priority?: readonly Priority[];
}

/** Our states behind each word: the tracker's `in_progress` is three of them. */
const words: Readonly<Record<string, readonly TaskState[]>> = {
  open: ['open'],
  in_progress: ['claimed', 'submitted', 'committing'],
  claimed: ['claimed'],
  submitted: ['submitted'],
  committing: ['committing'],
  blocked: ['blocked'],
  failed: ['failed'],
  closed: ['closed'],
  cancelled: ['cancelled'],
};

/** The states of `open,in_progress`. Errors: the parser's, naming the word. */
export function statesWord(text: string, before: readonly TaskState[] = []): readonly TaskState[] {
  const named = splitList(text).flatMap((word) => {
    const plain = word.toLowerCase().replaceAll('-', '_');
    const states = Object.hasOwn(words, plain) ? words[plain] : undefined;
    if (states !== undefined) return states;
    throw new InvalidArgumentError(
      `no state is called \`${word}\`; ${suggestion(word, Object.keys(words))}.`,
    );
  });
  if (named.length === 0) throw new InvalidArgumentError('expected at least one state.');
  return [...new Set([...before, ...named])];
}

/** The priorities of `P0,p1`. Errors: the parser's. */
export function priorityWord(text: string): readonly Priority[] {
  return splitList(text).map((word) => {
    const read = priorityShape.read(word);
    if (read === undefined)
      throw new InvalidArgumentError(`expected ${priorityShape.expected}, got \`${word}\`.`);
    return read as Priority;
  });
}

/** For an option that may be given again: the values so far and this one. */
export function addTo(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** As `addTo`, for a value that may hold several by commas. */
export function addListTo(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...splitList(value)];
}

/** The states to ask the board for; undefined for all. Both flags together mean what is in both. */
export function wantedStates({
  status,
  state,
}: Pick<TaskFilter, 'status' | 'state'>): readonly TaskState[] | undefined {
  if (status === undefined || state === undefined) return status ?? state;
  return status.filter((one) => state.includes(one));
}

/** Whether a task has what the board isn't asked about. */
export function isWanted({ task }: TaskView, { label, lane, priority }: TaskFilter): boolean {
  if (lane !== undefined && task.lane !== lane) return false;
  if (priority !== undefined && !priority.includes(task.priority)) return false;
  return label.every((one) => task.labels.includes(one));
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
