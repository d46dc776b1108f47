/**
 * The `waggle.yaml` that `waggle init` writes: small, commented, and valid as it stands.
 */

import type { HarnessName } from '../../schemas/index.ts';

interface Named {
  /** A valid project name. */
  readonly project: string;
  /** What the profile is called. */
  readonly profile?: string;
}

/** What the profile runs: a command for each task, or a harness that Waggle knows how to drive. */
export type StarterOptions =
  | (Named & { readonly command: readonly string[] })
  | (Named & { readonly harness: Exclude<HarnessName, 'command'> });

/** The text of a fresh configuration. */
export function starterConfig(options: StarterOptions): string {
  const profile = options.profile ?? 'default';
  return `# Waggle: how this project's swarm works. Every key but \`project\` may be left out.
# Durations: 300ms, 30s, 45m, 2h, 1h30m, 1d.
project: ${JSON.stringify(options.project)}

# One lane is one repository and one target branch; commits in a lane come one after another.
lanes:
  main:
    # home: .             # a path from here, or a URL
    # base: HEAD          # where the branch starts
    # branch: waggle/main # where finished work goes; your own branch is never touched
    gates: []             # gates that must be green before a commit, e.g. [VG-TEST]

# Gates are commands that must end with exit code 0, run on a clean checkout of each change.
gates: {}
  # VG-TEST: npm test
  # VG-LINT: { run: [npm, run, lint], timeout: 5m }

# A profile is a coding agent and its limits. The prompt comes as a file, on stdin or as an argument.
profiles:
  ${profile}:
${runLines(options)}
    env: []               # variables to pass on from the worker, e.g. [ANTHROPIC_API_KEY]
    timeout: 1h           # a run that takes longer is ended
    silence: 15m          # so is one that prints nothing for so long
    # max_concurrency: 4  # on all machines together
  # agent: { harness: claude } # also codex, opencode, pi, droid, gemini: they need no command

# What \`waggle up\` starts here.
workers:
  count: 1
  profile: ${profile}

policies:
  max_attempts: 3         # failed runs and red gates
  lease: 30s              # a worker that is silent for so long is taken for dead
  stale_after: 45m        # one that lives but makes no progress is asked, then replaced
`;
}

function runLines(options: StarterOptions): string {
  if ('command' in options) {
    const command = `[${options.command.map((word) => JSON.stringify(word)).join(', ')}]`;
    return `    command: ${command}\n    prompt: file`;
  }
  return `    harness: ${options.harness}
    # model: NAME         # the harness's own name of it
    # account: PATH       # folder of its configuration and login (default: yours)`;
}
