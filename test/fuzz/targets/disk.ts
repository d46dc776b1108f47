/**
 * Files that Waggle wrote itself and reads back: they may have been cut by a loss of power, or changed by anybody.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import { readEmbeddedState } from '../../../infra/nats/embedded-state.ts';
import { lookAtAgentFiles } from '../../../services/cli/doctor/agent-files.ts';
import { readTreeRecord as readOtherTreeRecord } from '../../../services/cli/gc/tree-record.ts';
import { readUpFile } from '../../../services/cli/up/up-file.ts';
import { OperatorWords } from '../../../services/worker/operator-words.ts';
import { readTreeRecord } from '../../../services/worker/tree-records.ts';
import { openOutbox } from '../../../shared/agent/outbox.ts';
import { openBackup } from '../../../shared/backup/container.ts';
import { readBusFile } from '../../../shared/config/bus-file.ts';
import { readMailProject } from '../../../shared/config/mail-root.ts';
import { readBundleHeader } from '../../../shared/git/bundle.ts';
import { silentLog } from '../../../shared/log.ts';
import { bootId, hostName } from '../../../shared/process/identity.ts';
import { acquireStateLock } from '../../../shared/process/state-lock.ts';
import { randomId } from '../../../shared/random.ts';
import { goldenOf } from '../samples.ts';
import { bytesTarget, type Target } from '../target.ts';

let scratch: string | undefined;

/** One folder for all, made when it is first needed and removed when the process ends. */
function scratchFolder(): string {
  if (scratch === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'waggle-fuzz-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    scratch = folder;
  }
  return scratch;
}

/** A reader of a file that lies at `place` in the folder it is given. */
function fileTarget(
  name: string,
  place: string,
  corpus: readonly (string | Uint8Array)[],
  read: (folder: string, file: string) => Promise<unknown>,
  wrap: (input: Uint8Array) => Uint8Array = (input) => input,
): Target {
  return bytesTarget(name, `${place} on the disk`, corpus, (input) => {
    const folder = join(scratchFolder(), name);
    const file = join(folder, place);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wrap(input));
    return read(folder, file);
  });
}

const login = { user: 'u', password: 'p' };
const busFile = {
  v: 1,
  project: 'demo',
  urls: ['nats://127.0.0.1:4222'],
  core: login,
  swarm: login,
  agent: login,
  server: { version: '2.10.27', pid: 7, durability: 'strict' },
};
const upFile = {
  v: 1,
  project: 'demo',
  state: 'ready',
  started_at: 1,
  pid: 7,
  identity: 'x',
  services: [{ name: 'worker', pid: 8, identity: 'y', stop_group: 1, drain_ms: 5 }],
};
const tree = {
  v: 1,
  task: 'a-1',
  title: 'One',
  fence: 1,
  run: 'gen-1',
  state: 's',
  phase: 'running',
  git: { gitDir: '/g', base: 'b', refs: [] },
  checkpoints: 1,
};
/** A lock of this machine, so that what it says of its process is looked at. */
const own = { pid: 999_999, startedAt: '1', host: hostName(), boot: await bootId(), incarnation: '1-a' };
const passwords = { core: 'a', services: 'b', agent: 'c', sys: 'd' };

const packr = new Packr({ useRecords: false });
const framed = (value: unknown): Buffer => {
  const body = packr.pack(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.byteLength);
  return Buffer.concat([length, body]);
};
const backupHead = '{"waggle_backup":1,"project":"demo","created_at":1,"version":"0.1.0","journal_seq":3}\n';
const backup = Buffer.concat([
  Buffer.from(backupHead),
  framed({ s: 'journal', q: 1, u: 'wg.demo.journal', h: {}, p: Buffer.from('x') }),
  framed({ end: {}, sha256: '0' }),
]);

async function readBackup(_folder: string, file: string): Promise<unknown> {
  const open = await openBackup(file);
  const records: unknown[] = [];
  try {
    for await (const record of open.records()) records.push(record);
  } finally {
    open.close();
  }
  return records;
}

const id = '0123456789abcdef0123456789abcdef01234567';
const texts = (...values: unknown[]) => values.map((value) => JSON.stringify(value));

export const diskTargets: readonly Target[] = [
  fileTarget('bus-file', 'bus.json', texts(busFile), (_, file) => readBusFile(file)),
  fileTarget('mail-project-file', '.fmail/project.json', texts({ id: 'demo' }), readMailProject),
  fileTarget('up-file', '.waggle/up.json', texts(upFile), readUpFile),
  fileTarget('tree-record', 'run.json', texts(tree), readTreeRecord),
  fileTarget('tree-record-gc', 'run.json', texts(tree), readOtherTreeRecord),
  fileTarget(
    'state-lock',
    'lock.1',
    texts(
      { pid: 999_999, startedAt: 'x', host: 'h', boot: 'b', incarnation: '1-a' },
      { ...own, released: true },
      own,
    ),
    async (folder, file) => {
      try {
        const lock = await acquireStateLock(folder, { randomId });
        await lock.release();
        return lock.generation;
      } finally {
        for (const name of await readdir(folder)) await rm(join(folder, name));
        await rm(file, { force: true });
      }
    },
  ),
  fileTarget('embedded-state', 'nats.json', texts({ v: 1, port: 4222, passwords }), (_, file) =>
    readEmbeddedState(file),
  ),
  fileTarget(
    'outbox-file',
    '00000001.json',
    texts(...goldenOf('Report'), { report: goldenOf('Report')[0], rescue: goldenOf('Report')[1] }),
    async (folder) => {
      const outbox = await openOutbox(folder, silentLog);
      const pending = outbox.pending();
      // What is no report was set aside: the next one begins with an empty folder.
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
      return pending;
    },
  ),
  fileTarget(
    'operator-words',
    '00000001.json',
    texts({ id: 'm-1', kind: 'message', text: 'hello', at: 1 }),
    (folder) => OperatorWords.open(folder, { now: () => 0 }, silentLog),
  ),
  fileTarget(
    'agent-files',
    'operator/1.json',
    texts({ id: 'm-1', kind: 'message', text: 'hi', at: 1 }),
    (folder) => lookAtAgentFiles(folder, false),
  ),
  fileTarget(
    'bundle-file',
    'x.bundle',
    [`# v2 git bundle\n-${id} base\n${id} refs/heads/x\n\nPACK`],
    (_, file) => readBundleHeader(file),
  ),
  fileTarget('backup-file', 'x.backup', [gzipSync(backup)], readBackup),
  fileTarget('backup-content', 'x.backup', [backup], readBackup, (input) => gzipSync(input, { level: 1 })),
];
