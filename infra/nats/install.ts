/**
 * Makes sure that this machine has a nats-server, without ever surprising a person:
 * as root with apt, in CI or without a terminal, it installs one; on a terminal it asks first; otherwise it
 * names the one command to run.
 *
 * A service that a package starts is neither used nor needed: Waggle runs servers of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { findNatsServer, type NatsBinary } from './binary.ts';
import { formatNatsVersion, OLDEST_NATS } from './version.ts';

/** What the policy looks at. */
export interface InstallSystem {
  readonly root: boolean;
  readonly ci: boolean;
  readonly terminal: boolean;
  /** Package managers that this machine has, best first. */
  readonly managers: readonly PackageManager[];
}

export type PackageManager = 'apt' | 'brew' | 'apk' | 'dnf' | 'pacman';

/** `steps` are argument vectors; a failed `update` doesn't matter as long as the install succeeds. */
export type InstallPlan =
  | { readonly kind: 'install' | 'ask'; readonly steps: readonly InstallStep[]; readonly command: string }
  | { readonly kind: 'tell'; readonly hint: string };

export interface InstallStep {
  readonly argv: readonly [string, ...string[]];
  readonly optional: boolean;
}

const DOWNLOAD = `download one (${formatNatsVersion(OLDEST_NATS)} or newer) from https://github.com/nats-io/nats-server/releases and name it with NATS_SERVER=/path/to/nats-server`;

const COMMANDS: Readonly<Record<PackageManager, string>> = {
  apt: 'apt-get update && apt-get install -y nats-server',
  brew: 'brew install nats-server',
  apk: 'apk add nats-server',
  dnf: 'dnf install -y nats-server',
  pacman: 'pacman -S --noconfirm nats-server',
};

/** Decides what to do about a missing server. Pure. */
export function planInstall(system: InstallSystem): InstallPlan {
  const manager = system.managers[0];
  if (manager === undefined) return { kind: 'tell', hint: DOWNLOAD };
  const command = commandFor(manager, system.root);
  if (manager === 'apt' && system.root && (system.ci || !system.terminal)) {
    return { kind: 'install', steps: stepsFor(manager, system.root), command };
  }
  if (system.terminal && !system.ci) {
    return { kind: 'ask', steps: stepsFor(manager, system.root), command };
  }
  return { kind: 'tell', hint: `run \`${command}\`, or ${DOWNLOAD}` };
}

export interface EnsureOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Receives progress, a line at a time. Default: standard error. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * A server binary that is new enough, installing one where the policy allows.
 * Errors: `nats-missing` with what to do, `nats-too-old`, `nats-failed` when `NATS_SERVER` names none.
 */
export async function ensureNatsServer(options: EnsureOptions): Promise<NatsBinary> {
  const { env } = options;
  const say = options.say ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const found = await findNatsServer({ env });
  if (found !== undefined) return found;

  const plan = planInstall(await thisSystem(env));
  if (plan.kind === 'tell') throw new WaggleError('nats-missing', { hint: plan.hint });
  if (plan.kind === 'ask' && !(await agreed(plan.command, options.signal))) {
    throw new WaggleError('nats-missing', { hint: `run \`${plan.command}\`, or ${DOWNLOAD}` });
  }
  say(`installing nats-server: ${plan.command}`);
  const visible = plan.kind === 'ask';
  for (const step of plan.steps) {
    const ended = await runStep(step.argv, { env, visible, ...pick(options.signal) });
    if (ended.ok || step.optional) continue;
    throw new WaggleError('nats-missing', {
      hint: `\`${step.argv.join(' ')}\` failed${ended.output === '' ? '' : `:\n${ended.output}\n`}; ${DOWNLOAD}`,
    });
  }
  const installed = await findNatsServer({ env }).catch((error: unknown) => {
    if (!isWaggleError(error, 'nats-too-old')) throw error;
    throw new WaggleError(
      'nats-missing',
      { hint: `${error.message}, and this system's packages have no newer one; ${DOWNLOAD}` },
      { cause: error },
    );
  });
  if (installed !== undefined) return installed;
  throw new WaggleError('nats-missing', {
    hint: `\`${plan.command}\` ended well, yet there is none in PATH or the usual folders; ${DOWNLOAD}`,
  });
}

function commandFor(manager: PackageManager, root: boolean): string {
  if (root || manager === 'brew') return COMMANDS[manager];
  return COMMANDS[manager].replaceAll(/(^|&& )/g, '$1sudo ');
}

function stepsFor(manager: PackageManager, root: boolean): InstallStep[] {
  const sudo = root || manager === 'brew' ? [] : ['sudo'];
  return COMMANDS[manager].split(' && ').map((command) => {
    const argv = [...sudo, ...command.split(' ')] as [string, ...string[]];
    // Another apt may be at work, as on a machine that has just started.
    if (manager === 'apt') argv.push('-o', 'DPkg::Lock::Timeout=120');
    return { argv, optional: argv.includes('update') };
  });
}

async function thisSystem(env: EnsureOptions['env']): Promise<InstallSystem> {
  const programs: [PackageManager, string][] =
    process.platform === 'darwin'
      ? [['brew', 'brew']]
      : [
          ['apt', 'apt-get'],
          ['apk', 'apk'],
          ['dnf', 'dnf'],
          ['pacman', 'pacman'],
          ['brew', 'brew'],
        ];
  const managers: PackageManager[] = [];
  for (const [manager, program] of programs) {
    const { ok } = await runStep([program, '--version'], { env, visible: false });
    if (ok) managers.push(manager);
  }
  return {
    root: process.getuid?.() === 0,
    ci: isSet(env['CI']),
    terminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    managers,
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

async function agreed(command: string, signal?: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `Waggle needs nats-server, and this machine has none.\nRun \`${command}\` now? [y/N] `;
    // Ctrl-C and Ctrl-D mean no; some versions of Node reject then, others leave the question open for ever.
    const closed = once(terminal, 'close', pick(signal)).then(() => '');
    const answered = terminal.question(question, pick(signal)).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return '';
    });
    const answer = await Promise.race([answered, closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

interface StepEnd {
  readonly ok: boolean;
  /** The last lines, unless they went to the terminal. */
  readonly output: string;
}

async function runStep(
  argv: readonly [string, ...string[]],
  options: { env: EnsureOptions['env']; visible: boolean; signal?: AbortSignal },
): Promise<StepEnd> {
  const [program, ...args] = argv;
  // The program's output is no answer of ours: standard output stays clean.
  const stdio = options.visible ? (['inherit', 2, 2] as const) : (['ignore', 'pipe', 'pipe'] as const);
  const child = spawn(program, args, {
    stdio: [...stdio],
    env: { ...options.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...pick(options.signal),
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return await new Promise<StepEnd>((resolve, reject) => {
    child.once('error', (error) => {
      if (error.name === 'AbortError') reject(error);
      else resolve({ ok: false, output: error.message });
    });
    child.once('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}

function pick(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
