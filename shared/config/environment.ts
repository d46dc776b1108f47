/**
 * The environment variables that Waggle knows, read once and typed. Beside the entry points the only
 * place that may look at the environment. An empty variable counts as one that is not set.
 */
import { NAME_PATTERN, RESERVED_AGENT, TASK_ID_PATTERN } from '../../schemas/limits.ts';
import { WaggleError } from '../errors.ts';
import { type NamedProject, twoProjects } from './project-choice.ts';

/** Absent means not set. */
export interface Environment {
  /** Where the bus is (`WAGGLE_NATS_URL`). */
  readonly natsUrl?: string;
  /** Credential files, one for each account that the role needs (`WAGGLE_NATS_CREDS`, by commas). */
  readonly natsCreds: readonly string[];
  /** The socket a worker gives its harness (`WAGGLE_SOCKET`). */
  readonly socket?: string;
  /** `WAGGLE_PROJECT`, else `FMAIL_PROJECT`. */
  readonly project?: string;
  /** Which of the two named it. */
  readonly projectFrom?: string;
  /** Where the mail tool's own files are (`FMAIL_ROOT`). */
  readonly mailRoot?: string;
  /** The grant this process works under (`WAGGLE_TASK`, `WAGGLE_FENCE`, `WAGGLE_RUN`). */
  readonly task?: string;
  readonly fence?: number;
  readonly run?: string;
  /** The agent's name (`FMAIL_AGENT`). */
  readonly agent?: string;
  /** `WAGGLE_LOG_LEVEL`. */
  readonly logLevel: LogLevel;
  /** `NO_COLOR`. */
  readonly noColor: boolean;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Reads `env`. Errors: `usage`, naming the variable, when one holds what it cannot mean; `project-mismatch` when the
 * two that name a project name two.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const get = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const named = (name: string, pattern: string, expected: string): string | undefined => {
    // The mail tool's names are the same in any case.
    const value = get(name)?.toLowerCase();
    if (value !== undefined && !new RegExp(pattern).test(value)) refuse(name, expected, value);
    return value;
  };
  const agentName = 'a name of lower-case letters, digits and dashes (at most 63)';
  const natsUrl = get('WAGGLE_NATS_URL');
  const socket = get('WAGGLE_SOCKET');
  const project = onlyProject(
    ['WAGGLE_PROJECT', 'FMAIL_PROJECT'].flatMap((from) => {
      const name = named(from, NAME_PATTERN, agentName);
      return name === undefined ? [] : [{ name, source: 'environment' as const, from }];
    }),
  );
  const mailRoot = get('FMAIL_ROOT');
  const task = named('WAGGLE_TASK', TASK_ID_PATTERN, 'a task id');
  const fence = get('WAGGLE_FENCE');
  const run = get('WAGGLE_RUN');
  const agent = named('FMAIL_AGENT', NAME_PATTERN, agentName);
  // What it says would be taken for the board's own word.
  if (agent === RESERVED_AGENT)
    throw new WaggleError('usage', {
      message: `FMAIL_AGENT: ${agent} is the name of Waggle's own service; expected another (\`waggle inbox\` shows its mail)`,
    });
  if (fence !== undefined && !/^[1-9]\d{0,14}$/.test(fence))
    refuse('WAGGLE_FENCE', 'a whole number from 1', fence);
  return {
    natsCreds: (get('WAGGLE_NATS_CREDS') ?? '')
      .split(',')
      .map((path) => path.trim())
      .filter((path) => path !== ''),
    logLevel: logLevel(get('WAGGLE_LOG_LEVEL')),
    noColor: get('NO_COLOR') !== undefined,
    ...(natsUrl === undefined ? {} : { natsUrl }),
    ...(socket === undefined ? {} : { socket }),
    ...(project === undefined ? {} : { project: project.name, projectFrom: project.from }),
    ...(mailRoot === undefined ? {} : { mailRoot }),
    ...(task === undefined ? {} : { task }),
    ...(fence === undefined ? {} : { fence: Number(fence) }),
    ...(run === undefined ? {} : { run }),
    ...(agent === undefined ? {} : { agent }),
  };
}

/** The one project that all of them name. */
function onlyProject(named: readonly NamedProject[]): NamedProject | undefined {
  const [first, second] = named;
  if (first === undefined || second === undefined) return first;
  if (first.name === second.name) return { ...first, from: `${first.from} and ${second.from}` };
  throw twoProjects(first, second, `\`unset ${second.from}\` keeps ${first.name}`);
}

function logLevel(value: string | undefined): LogLevel {
  const level = logLevels.find((known) => known === (value ?? 'info'));
  return level ?? refuse('WAGGLE_LOG_LEVEL', `one of ${logLevels.join(', ')}`, value ?? '');
}

function refuse(name: string, expected: string, value: string): never {
  throw new WaggleError('usage', { message: `${name}: expected ${expected}, got ${JSON.stringify(value)}` });
}
