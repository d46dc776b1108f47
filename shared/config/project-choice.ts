/**
 * Which project somebody means, out of all that name one, and the one error where that cannot be said. Pure.
 *
 * 1. The environment wins over every file. Then waggle.yaml, then the mail tool's `.fmail/project.json`, then the bus.
 * 2. waggle.yaml and `.fmail/project.json` never name two: a mail would go where nobody of the other reads.
 * 3. A mismatch names both projects, where each name comes from, and what to type.
 */
import { WaggleError } from '../errors.ts';

export type ProjectSource = 'environment' | 'config' | 'mail-file' | 'bus' | 'remote' | 'folder';

export interface NamedProject {
  readonly name: string;
  readonly source: ProjectSource;
  /** For people: the variable, the file, the URL. */
  readonly from: string;
}

/** Those that a file or a variable names. */
export interface NamedProjects {
  readonly environment?: NamedProject;
  readonly config?: NamedProject;
  readonly mailFile?: NamedProject;
  readonly bus?: NamedProject;
}

/** The project that is meant; undefined when nothing names one. Errors: `project-mismatch`. */
export function chooseProject(named: NamedProjects): NamedProject | undefined {
  const { environment, config, mailFile, bus } = named;
  if (environment !== undefined) return environment;
  if (config !== undefined && mailFile !== undefined && config.name !== mailFile.name) {
    const mend = `\`fmail init --project ${config.name}\` keeps ${config.name}; for ${mailFile.name} change \`project\` in ${config.from}`;
    throw twoProjects(config, mailFile, mend);
  }
  return config ?? mailFile ?? bus;
}

/** Two sources that must agree and don't. `mend`: what to type. */
export function twoProjects(one: NamedProject, other: NamedProject, mend: string): WaggleError {
  const message = `two projects are named: ${placed(one)} and ${placed(other)}; ${mend}`;
  return mismatch(message, one, other);
}

/** `asked` is served by nobody on this bus, and `found`, which another source names, is. */
export function projectElsewhere(asked: NamedProject, found: NamedProject, bus: string): WaggleError {
  const message = `project ${placed(asked)} has no orchestrator on the bus of ${bus}, but ${placed(found)} has; ${towards(asked, found)}`;
  return mismatch(message, asked, found);
}

/** What to type so that `found` is meant. */
function towards(asked: NamedProject, found: NamedProject): string {
  switch (asked.source) {
    case 'environment':
      return `\`export ${variablesOf(asked)
        .map((variable) => `${variable}=${found.name}`)
        .join(' ')}\``;
    case 'mail-file':
      return `\`fmail init --project ${found.name}\``;
    case 'config':
      return `\`export FMAIL_PROJECT=${found.name}\`, or change \`project\` in ${asked.from}, or \`waggle up\` for ${asked.name}`;
    default:
      return `\`export FMAIL_PROJECT=${found.name}\``;
  }
}

/** Both are set where both say the same. */
const variablesOf = ({ from }: NamedProject): string[] => from.split(' and ');

const placed = ({ name, from }: NamedProject): string => `${name} (${from})`;

function mismatch(message: string, one: NamedProject, other: NamedProject): WaggleError {
  const projects = [one, other].map(({ name, from }) => ({ name, from }));
  return new WaggleError('project-mismatch', { message, projects });
}
