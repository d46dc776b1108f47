/**
 * The two sides that know of profiles: waggle.yaml, and the board. Each may be missing, not both.
 */
import type { LoadedConfig } from '../../shared/config/config-file.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { ifHeard } from './if-heard.ts';
import type { Output } from './output.ts';
import { findProject } from './project-place.ts';
import type { ProjectLink, Session } from './session.ts';

export interface Sides<T> {
  readonly config: LoadedConfig | undefined;
  /** Absent: nobody answered that knows it. */
  readonly board: T | undefined;
}

/** Says on standard error when the board is missing. Errors: `config-missing` when both are, and what else goes wrong. */
export async function findBoth<T>(
  session: Session,
  output: Output,
  ask: (link: ProjectLink) => Promise<T | undefined>,
): Promise<Sides<T>> {
  const config = await findProject(session.folder, session.variables).then(
    (place) => place.config,
    (error: unknown) => {
      if (isWaggleError(error, 'config-missing')) return error;
      throw error;
    },
  );
  const board = await ifHeard(session, ask);
  const isMissing = isWaggleError(config);
  if (!board.isHeard) {
    if (isMissing) throw config;
    output.warn(`this is waggle.yaml alone, the board did not answer: ${board.why.message}`);
    return { config, board: undefined };
  }
  if (board.value === undefined)
    output.warn('this is waggle.yaml alone: the leader is of an older version and knows nothing of this');
  return { config: isMissing ? undefined : config, board: board.value };
}
