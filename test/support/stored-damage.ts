/**
 * Damage to what a worker stored: the chunks of its files, and refs of repositories. For tests of who notices.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileRef, Submission } from '../../schemas/index.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { project } from './orchestrator.ts';
import { sh, type WorkerBench } from './worker-bench.ts';

export interface StoredDamage {
  /** Puts other bytes in the place of a file's first chunk. */
  replace(file: FileRef, bytes: (old: Uint8Array) => Uint8Array): Promise<void>;
  remove(file: FileRef): Promise<void>;
  /** A worker's submission of the bench's task, which waits for a committer. */
  submitted(): Promise<Submission>;
}

export function storedDamage(bench: WorkerBench): StoredDamage {
  const subjectOf = ({ owner, sha256 }: FileRef) => subjectsOf(project).file(owner, sha256, 0);
  return {
    async replace(file, bytes) {
      const reader = createReader(await bench.hive.connect('reader'), project, 'reader');
      const old = await reader.chunk(file.owner, file.sha256, 0);
      if (old === undefined) throw new Error('not stored');
      const swarm = await bench.hive.services('swarm');
      const headers = { 'Content-Type': 'application/octet-stream' };
      await swarm.append(subjectOf(file), bytes(old), { headers });
    },
    async remove(file) {
      const swarm = await bench.hive.services('swarm');
      await swarm.streams.purge(streamNames(project).files, { subject: subjectOf(file) });
    },
    async submitted() {
      const worker = await bench.swarm.worker(`w-${bench.n}`, sh('echo n > new.txt'));
      await bench.add();
      const { submission } = await bench.until('it is submitted', ({ state }) => state === 'submitted');
      await worker.drain();
      if (submission === undefined) throw new Error('no submission');
      return submission;
    },
  };
}

/** Writes a loose ref with that content into the repository of a working tree. */
export function writeRef(home: string, ref: string, text: string): void {
  const file = join(home, '.git', ref);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
}
