/**
 * The command table of `waggle` and how a command is run: only the module of the command that was asked for is
 * loaded. Exit codes: 0 ok, 1 failure, 2 usage; `task` verbs have the tracker's (see task-envelope.ts).
 */
import { Command } from 'commander';
import { suggestion } from '../../shared/config/nearest-name.ts';
import { VERSION } from '../../shared/version.ts';
import type { CommandModule } from './command-module.ts';
import { exitCodeOf } from './failure.ts';
import { outputOf, type Session } from './session.ts';

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command by name, in the order of the help. */
export const commands: Readonly<Record<string, Entry>> = {
  init: { summary: 'write a waggle.yaml for this repository', load: () => import('./commands/init.ts') },
  up: { summary: 'start the bus, the services and the workers', load: () => import('./commands/up.ts') },
  down: { summary: 'drain and stop what `up` started', load: () => import('./commands/down.ts') },
  nats: { summary: 'run only the embedded bus', load: () => import('./commands/nats.ts') },
  orchestrator: { summary: 'run only an orchestrator', load: () => import('./commands/orchestrator.ts') },
  worker: { summary: 'run only a worker', load: () => import('./commands/worker.ts') },
  committer: { summary: 'run only a committer', load: () => import('./commands/committer.ts') },
  'stale-takeover': {
    summary: 'run only a stale-takeover service',
    load: () => import('./commands/stale-takeover.ts'),
  },
  task: { summary: 'add, list, show and change tasks', load: () => import('./commands/task.ts') },
  import: {
    summary: 'bring the tasks of another tracker onto the board',
    load: () => import('./commands/import.ts'),
  },
  export: {
    summary: "write the board's tasks for another tracker",
    load: () => import('./commands/export.ts'),
  },
  replay: {
    summary: "play another tracker's history against the rules of the board",
    load: () => import('./commands/replay.ts'),
  },
  lane: {
    summary: 'show lanes, adopt a branch that somebody moved',
    load: () => import('./commands/lane.ts'),
  },
  land: { summary: "merge a lane's branch into yours", load: () => import('./commands/land.ts') },
  ps: { summary: 'list the agents and what they are doing', load: () => import('./commands/ps.ts') },
  status: { summary: 'show the project at a glance', load: () => import('./commands/status.ts') },
  logs: { summary: 'print the output of a task or an agent', load: () => import('./commands/logs.ts') },
  events: { summary: 'print what the journal says', load: () => import('./commands/events.ts') },
  runs: { summary: 'list runs: who had which task', load: () => import('./commands/runs.ts') },
  run: { summary: 'show one run', load: () => import('./commands/run.ts') },
  inbox: { summary: 'show the mail that waits for somebody', load: () => import('./commands/inbox.ts') },
  answer: { summary: 'answer a task or a mail', load: () => import('./commands/answer.ts') },
  mcp: { summary: 'offer mail and the task in hand as MCP tools', load: () => import('./commands/mcp.ts') },
  'mail-bridge': {
    summary: 'serve mail to the fmail programs of other tools',
    load: () => import('./commands/mail-bridge.ts'),
  },
  explain: { summary: 'say which rule holds a task back', load: () => import('./commands/explain.ts') },
  harness: {
    summary: 'show the harnesses that Waggle can drive',
    load: () => import('./commands/harness.ts'),
  },
  profile: {
    summary: 'list and add profiles, let them rest and go on',
    load: () => import('./commands/profile.ts'),
  },
  pool: { summary: 'show the pools of profiles', load: () => import('./commands/pool.ts') },
  usage: {
    summary: 'show what runs used, and how much of the budgets that is',
    load: () => import('./commands/usage.ts'),
  },
  msg: { summary: 'tell workers something, with their next run', load: () => import('./commands/msg.ts') },
  steer: { summary: 'tell workers something while they work', load: () => import('./commands/steer.ts') },
  'next-prompt': {
    summary: "give workers another text than the task's",
    load: () => import('./commands/next-prompt.ts'),
  },
  pause: { summary: 'tell workers to claim nothing more', load: () => import('./commands/pause.ts') },
  resume: { summary: 'tell paused workers to go on', load: () => import('./commands/resume.ts') },
  stop: {
    summary: 'tell workers to finish what they have, and leave',
    load: () => import('./commands/stop.ts'),
  },
  kill: { summary: 'end runs at once, and their workers', load: () => import('./commands/kill.ts') },
  drain: {
    summary: 'tell agents to leave, giving back what takes long',
    load: () => import('./commands/drain.ts'),
  },
  format: { summary: "show or raise the journal's format", load: () => import('./commands/format.ts') },
  gc: { summary: 'free what nobody needs any more', load: () => import('./commands/gc.ts') },
  backup: { summary: 'write the project into one file', load: () => import('./commands/backup.ts') },
  restore: { summary: 'bring a backup back', load: () => import('./commands/restore.ts') },
  config: { summary: 'check and print the configuration', load: () => import('./commands/config.ts') },
  doctor: {
    summary: 'check bus, versions, durability, git and disk',
    load: () => import('./commands/doctor.ts'),
  },
};

/** Runs one invocation; the exit code. `argv` without node and script. */
export async function runProgram(argv: readonly string[], session: Session): Promise<number> {
  const name = argv.find((word) => !word.startsWith('-'));
  const wantsJson = argv.includes('--json');
  let code = 0;
  try {
    const program = new Command('waggle')
      .description('Coordinates swarms of coding agents: one owner per task, nothing lost, nothing stolen.')
      .version(VERSION, '-v, --version')
      // What stands behind a command is that command's alone.
      .enablePositionalOptions()
      .exitOverride()
      .configureOutput(sinks(session))
      .helpCommand(false)
      .showHelpAfterError('(add --help for what is possible)');
    const entry = name === undefined ? undefined : commands[name];
    if (name !== undefined && entry === undefined && name !== 'help') {
      const message = `unknown command \`${name}\`; ${suggestion(name, Object.keys(commands))}`;
      program.error(message, { exitCode: 2, code: 'commander.unknownCommand' });
    }
    if (entry === undefined) {
      for (const [known, { summary }] of Object.entries(commands))
        program.command(known).summary(summary).description(summary);
      if (argv.some((word) => word === '-v' || word === '--version'))
        await program.parseAsync([...argv], { from: 'user' });
      else session.stdout.write(program.helpInformation());
      return 0;
    }
    const module = await entry.load();
    const command = module.build(session, (wanted) => {
      code = wanted;
    });
    prepare(command, session);
    program.addCommand(command);
    const verb = argv[argv.indexOf(command.name()) + 1];
    if (verb !== undefined) checkVerb(command, verb);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    const isParser = error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
    // The parser has said its word on standard error already.
    if (isParser && !wantsJson) return exitCodeOf(error);
    return outputOf(session, { json: wantsJson }).fail(error);
  }
}

/**
 * Where a command has a verb of its own for when none is said, the parser takes a misspelt one for a word of that verb.
 * Not of `task`, whose answers have an envelope of their own.
 */
function checkVerb(command: Command, verb: string): void {
  const verbs = command.commands.map((sub) => sub.name());
  if (verbs.length === 0 || verb.startsWith('-') || verbs.includes(verb) || command.name() === 'task') return;
  const message = `unknown command \`${command.name()} ${verb}\`; ${suggestion(verb, verbs)}`;
  command.error(message, { exitCode: 2, code: 'commander.unknownCommand' });
}

function prepare(command: Command, session: Session): void {
  command
    .exitOverride()
    .configureOutput(sinks(session))
    .helpCommand(false)
    .showHelpAfterError('(add --help for what is possible)');
  for (const sub of command.commands) prepare(sub, session);
}

const sinks = ({ stdout, stderr }: Session) => ({
  writeOut: (text: string) => {
    stdout.write(text);
  },
  writeErr: (text: string) => {
    stderr.write(text);
  },
});
