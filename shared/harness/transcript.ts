/**
 * Where the rendered form of a run goes: a file for people, whoever follows it live, and the tail of its report. A file
 * that cannot be written fails no run.
 */
import type { Log } from '../log.ts';
import type { OutputChunk } from './guarded-process.ts';
import { OutputLog } from './output-log.ts';
import { OutputTail } from './output-tail.ts';

type Stream = OutputChunk['stream'];

export interface TranscriptOptions {
  readonly file?: string;
  readonly onText?: (stream: Stream, text: string) => void | Promise<void>;
  readonly log: Log;
}

export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #tail = new OutputTail();
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  #file: Promise<OutputLog | undefined> | undefined;

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  /** What is said once the file has taken it: awaiting it is the back pressure. */
  async write(stream: Stream, said: string | Uint8Array): Promise<void> {
    if (said.length === 0) return;
    const bytes = typeof said === 'string' ? Buffer.from(said) : said;
    this.#tail.push(stream, bytes);
    this.#file ??= this.#open();
    await (await this.#file)?.write(bytes);
    const text = typeof said === 'string' ? said : this.#decoders[stream].decode(said, { stream: true });
    if (text !== '') await this.#options.onText?.(stream, text);
  }

  /** The last of it: at most 60 lines and 8,192 bytes. */
  tail(): string {
    return this.#tail.text();
  }

  async close(): Promise<void> {
    const file = await this.#file;
    const closed = await file?.close();
    if (closed?.failure !== undefined)
      this.#options.log.warn({ err: closed.failure, file: file?.path }, 'a transcript is incomplete');
  }

  async #open(): Promise<OutputLog | undefined> {
    const { file, log } = this.#options;
    if (file === undefined) return undefined;
    try {
      return await OutputLog.open(file);
    } catch (error) {
      log.warn({ err: error, file }, 'a transcript cannot be opened');
      return undefined;
    }
  }
}
