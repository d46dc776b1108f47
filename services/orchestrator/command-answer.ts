/**
 * The answer to a command as it goes over the wire, from what was decided. Pure.
 */
import type { CommandAnswer } from '../../schemas/index.ts';
import type { Answer } from '../../shared/board/decision.ts';

/** As many problems as a message has room for. */
const PROBLEMS_SHOWN = 100;

export function commandAnswer(
  id: string,
  head: { readonly term: number; readonly journal_seq: number },
  decided: Answer,
): CommandAnswer {
  const { tasks, warnings, problems, ...rest } = {
    tasks: undefined,
    warnings: undefined,
    problems: undefined,
    ...decided,
  };
  return {
    v: 1,
    id,
    ...head,
    ...rest,
    ...(tasks === undefined ? {} : { tasks: [...tasks] }),
    ...(warnings === undefined ? {} : { warnings: [...warnings] }),
    ...(problems === undefined ? {} : { problems: problems.slice(0, PROBLEMS_SHOWN) }),
  };
}
