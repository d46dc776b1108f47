/**
 * The log file of one run: its raw output, in the order it came, up to a cap. Past the cap the head stays,
 * the rest is counted, and the file says so at its end. A log that cannot be written never fails the run:
 * the first failure is kept for whoever closes it.
 */
import { type FileHandle, open } from 'node:fs/promises';

export interface OutputLogEnd {
  readonly writtenBytes: number;
  readonly omittedBytes: number;
  /** Why not everything within the cap was written. */
  readonly failure?: unknown;
}

export const OUTPUT_LOG_BYTES = 64 * 1024 * 1024;

export class OutputLog {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  #written = 0;
  #omitted = 0;
  #failure: unknown;
  #last: Promise<void> = Promise.resolve();
  #end: Promise<OutputLogEnd> | undefined;

  private constructor(path: string, file: FileHandle, maxBytes: number) {
    this.path = path;
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** Opens the file for appending, readable by its owner only. Its folder must exist. */
  static async open(path: string, maxBytes = OUTPUT_LOG_BYTES): Promise<OutputLog> {
    return new OutputLog(path, await open(path, 'a', 0o600), maxBytes);
  }

  /** Resolves when the file has taken the bytes: awaiting it is the back pressure. Never rejects. */
  write(bytes: Uint8Array): Promise<void> {
    const room = this.#failure === undefined ? this.#maxBytes - this.#written : 0;
    const taken = bytes.subarray(0, Math.max(0, room));
    this.#written += taken.length;
    this.#omitted += bytes.length - taken.length;
    if (taken.length > 0) this.#last = this.#last.then(() => this.#append(taken));
    return this.#last;
  }

  /** Says in the file what was left out, and closes it. */
  close(): Promise<OutputLogEnd> {
    this.#end ??= this.#close();
    return this.#end;
  }

  async #close(): Promise<OutputLogEnd> {
    await this.#last;
    if (this.#omitted > 0)
      await this.#append(Buffer.from(`\n[${this.#omitted} more bytes of output were left out]\n`));
    await this.#file.close();
    return {
      writtenBytes: this.#written,
      omittedBytes: this.#omitted,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#file.appendFile(bytes);
    } catch (error) {
      this.#failure = error;
    }
  }
}
