/**
 * Whether the worker's state directory can be written, asked before a claim when a run went wrong for reasons of its own. On
 * a full disk no run can be prepared and its end cannot be kept: each grant would be lost within a moment, task after task,
 * until all of them have failed.
 */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

/** More than the reports and records of a run. */
const PROBE_BYTES = 256 * 1024;
const REST_MS = 2_000;

export class DiskCheck {
  readonly #probe: string;
  readonly #log: Log;
  #isDoubtful = false;
  #isTold = false;

  constructor(stateDir: string, log: Log) {
    this.#probe = join(stateDir, 'disk-check');
    this.#log = log;
  }

  /** Something went wrong that a full disk may have caused. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** How long to wait before the next claim, in milliseconds; 0: it can be written. */
  async restMs(): Promise<number> {
    if (!this.#isDoubtful) return 0;
    try {
      await this.#write();
      this.#isDoubtful = false;
      if (this.#isTold) this.#log.info({}, 'the state directory can be written again');
      this.#isTold = false;
      return 0;
    } catch (error) {
      if (!this.#isTold)
        this.#log.error(
          { reason: messageOf(error) },
          'the state directory cannot be written: nothing is claimed',
        );
      this.#isTold = true;
      return REST_MS;
    }
  }

  async #write(): Promise<void> {
    try {
      const handle = await open(this.#probe, 'w', 0o600);
      try {
        await handle.writeFile(Buffer.alloc(PROBE_BYTES));
        await handle.sync();
      } finally {
        await handle.close();
      }
    } finally {
      await rm(this.#probe, { force: true });
    }
  }
}
