/**
 * Files of a simulated swarm: a path is the text that the file holds.
 */
import { createHash } from 'node:crypto';
import type { FileRef } from '../../schemas/index.ts';
import type { FileSource } from '../../shared/agent/courier.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';

export const fileOf = (owner: string, content: string): FileRef => ({
  owner,
  sha256: createHash('sha256').update(content).digest('hex'),
  size_bytes: Buffer.byteLength(content),
  chunks: 1,
});

export const modelFiles: FileSource = {
  describe: async (owner, path) => fileOf(owner, path),
  async put(swarm, project, owner, path) {
    const file = fileOf(owner, path);
    const headers = { 'Content-Type': 'application/octet-stream' };
    await swarm.append(subjectsOf(project).file(owner, file.sha256, 0), Buffer.from(path), { headers });
    return file;
  },
};
