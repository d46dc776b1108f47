/**
 * Which targets stand for which files: every file that parses JSON, MessagePack or YAML by its own hand is named here, with
 * its targets or with why it needs none. What is missing, or names what is not there, is found by a test.
 */
import { readTree } from '../support/source-tree.ts';

type Reason = { readonly because: string };

export const coverage: Readonly<Record<string, readonly string[] | Reason>> = {
  'infra/demo/foreign-bus.ts': {
    because: "reads the answer of the demo's own server, and the demo ends when it is none",
  },
  'infra/demo/source.ts': { because: 'reads the package.json of an installed package' },
  'infra/nats/embedded-state.ts': ['embedded-state'],
  'infra/supervisor/last-words.ts': ['last-words'],
  'schemas/generate.ts': { because: 'makes the schemas; nothing that runs loads it' },
  'schemas/tool-table.ts': { because: 'copies a schema of ours' },
  'services/cli/commands/task/edit.ts': ['task-patch'],
  'services/cli/doctor/agent-files.ts': ['agent-files'],
  'services/cli/gc/tree-record.ts': ['tree-record-gc'],
  'services/cli/profile-draft.ts': ['profile-added'],
  'services/cli/server-word.ts': ['server-word'],
  'services/cli/up/up-file.ts': ['up-file'],
  'services/worker/group-records.ts': {
    because: 'ends the process group that a record names: not with records by chance',
  },
  'services/worker/operator-words.ts': ['operator-words'],
  'services/worker/tree-records.ts': ['tree-record'],
  'shared/agent/outbox.ts': ['outbox-file'],
  'shared/backup/container.ts': ['backup-file', 'backup-content'],
  'shared/bus/codec.ts': ['message-report', 'message-batch'],
  'shared/bus/leadership.ts': ['leader-mark'],
  'shared/bus/simulated/append.ts': { because: 'the simulated server talks to itself' },
  'shared/config/bus-file.ts': ['bus-file', 'bus-url'],
  'shared/config/json-fault.ts': ['json-file'],
  'shared/config/mail-root.ts': ['mail-project-file'],
  'shared/config/source-text.ts': ['yaml', 'config', 'tasks-yaml'],
  'shared/harness/json-line.ts': ['harness-claude', 'harness-codex', 'harness-pi'],
  'shared/mail/record.ts': ['body-value'],
  'shared/mail/socket-client.ts': ['socket-answer'],
  'shared/process/state-lock.ts': ['state-lock'],
  'shared/socket/request.ts': ['socket-request'],
  'shared/tracker-log/line.ts': ['tracker-log'],
};

const PARSES = /\bJSON\.parse\(|\.unpack\(|\bparseDocument\(/;

/** What is wrong with the table, one line each. `root` ends in a slash. */
export function gapsIn(root: string, targets: readonly string[]): string[] {
  const tree = readTree(root, ['shared', 'services', 'schemas', 'infra']);
  const parsing = [...tree.values()].filter(
    ({ path, text }) => path.endsWith('.ts') && !path.includes('generated/') && PARSES.test(text),
  );
  const paths = new Set(parsing.map(({ path }) => path));
  const missing = [...paths]
    .filter((path) => !Object.hasOwn(coverage, path))
    .map((path) => `${path} has no target`);
  const idle = Object.keys(coverage)
    .filter((path) => !paths.has(path))
    .map((path) => `${path} parses nothing`);
  const named = Object.values(coverage).flatMap((one) => ('because' in one ? [] : one));
  const unknown = named.filter((name) => !targets.includes(name)).map((name) => `there is no target ${name}`);
  return [...missing, ...idle, ...unknown];
}
