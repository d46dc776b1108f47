import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keptLog } from '../support/kept-log.ts';
import { sh, workerBench } from '../support/worker-bench.ts';

const bench = workerBench();

test('each run ends with an entry in the ledger, which lies outside of every tree', async () => {
  const name = `w-${bench.n}`;
  const worker = await bench.swarm.worker(
    name,
    sh('echo last words of ann@example.org; echo n > new.txt'),
    0,
    {
      repoPath: bench.home,
    },
  );
  await bench.add();
  const { submission } = await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  const text = readFileSync(join(bench.swarm.folder, name, 'ledger.md'), 'utf8');
  expect(text).toMatch(/^---\nloop_id: \w+\nloop_name: w-1\nrepo_path: .*home-1\ncreated_at: /);
  expect(text).toContain(`- run_id: ${submission?.run}\n- loop_name: ${name}\n- status: success\n`);
  expect(text).toContain(`- task: ${bench.id}\n- fence: ${submission?.fence}\n- outcome: completed\n`);
  expect(text).toMatch(/\n```\nlast words of (?!ann@).*\n```\n/);
});

test('what the tail of a report holds only a part of is not in the ledger', async () => {
  const name = `w-${bench.n}`;
  const script = [
    "echo '-----BEGIN RSA PRIVATE KEY-----'",
    'for at in $(seq 90); do echo MIIEv0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbC; done',
    // A line of a report is cut in here.
    'printf a%.0s $(seq 980); echo " ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"',
    'for at in $(seq 30); do echo "line $at"; done; echo n > new.txt',
  ];
  const worker = await bench.swarm.worker(name, sh(script.join('\n')));
  await bench.add();
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  const text = readFileSync(join(bench.swarm.folder, name, 'ledger.md'), 'utf8');
  expect(text).toContain('\nline 30\n');
  expect(text).not.toMatch(/MIIEv|ghp_/);
});

test('a ledger that cannot be written is logged and fails nothing', async () => {
  const name = `w-${bench.n}`;
  const log = keptLog();
  mkdirSync(join(bench.swarm.folder, name, 'ledger.md', 'in-the-way'), { recursive: true });
  const worker = await bench.swarm.worker(name, sh('echo n > new.txt'), 0, { log });
  await bench.add();
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  expect(log.lines.map(({ message }) => message)).toContain('the ledger could not be written');
});
