/**
 * Many tasks as several commands: each chunk stays below what one message may hold.
 */

export interface ChunkLimits {
  readonly maxTasks: number;
  /** Of the entries as JSON, with the commas between them. */
  readonly maxBytes: number;
}

export const CHUNK_LIMITS: ChunkLimits = { maxTasks: 200, maxBytes: 512 * 1024 };

/** The tasks in order, cut greedily; one that alone is over the limit gets a chunk of its own. */
export function inChunks<T>(tasks: readonly T[], limits: ChunkLimits = CHUNK_LIMITS): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const task of tasks) {
    const size = Buffer.byteLength(JSON.stringify(task), 'utf8') + 1;
    if (chunk.length > 0 && (chunk.length >= limits.maxTasks || bytes + size > limits.maxBytes)) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(task);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
