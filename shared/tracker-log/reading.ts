/**
 * Reads a log line by line: events in the log's order, and an account of everything that was no event. Memory is
 * bounded by the window and by how many findings are kept. Pure.
 */
import type { TrackerEvent } from './event.ts';
import { readLine } from './line.ts';
import { EventWindow, type WindowLimits } from './window.ts';

/** A line that could not be used. */
export interface Finding {
  readonly line: number;
  readonly fault: string;
}

/** What came of the lines. */
export interface ReadingReport {
  readonly lines: number;
  readonly events: number;
  readonly malformed: number;
  /** Longer than a line may be. */
  readonly too_long: number;
  /** How often each kind that nobody knows came. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Events whose id had come before. */
  readonly duplicates: number;
  /** Events that stood too far from their place to be put in order. */
  readonly late: number;
  /** The first of the malformed and unknown ones. */
  readonly findings: readonly Finding[];
}

const FINDINGS_KEPT = 20;
/** Kinds are text from outside: no more than these are told apart. */
const KINDS_KEPT = 100;

export class LogReading {
  readonly #window: EventWindow;
  readonly #unknown = new Map<string, number>();
  readonly #findings: Finding[] = [];
  #lines = 0;
  #events = 0;
  #malformed = 0;
  #tooLong = 0;

  constructor(limits?: WindowLimits) {
    this.#window = new EventWindow(limits);
  }

  get lines(): number {
    return this.#lines;
  }

  /** The events that this line lets go on. */
  line(text: string): TrackerEvent[] {
    this.#lines += 1;
    const read = readLine(text);
    switch (read.kind) {
      case 'blank':
        return [];
      case 'malformed':
        this.#malformed += 1;
        this.#find(read.fault);
        return [];
      case 'unknown': {
        const isCounted = this.#unknown.has(read.type) || this.#unknown.size < KINDS_KEPT;
        const type = isCounted ? read.type : 'others';
        this.#unknown.set(type, (this.#unknown.get(type) ?? 0) + 1);
        this.#find(`unknown event \`${read.type}\``);
        return [];
      }
      case 'event':
        this.#events += 1;
        return this.#window.push(read.event);
    }
  }

  /** That many lines were skipped because they were too long. */
  skipped(count: number): void {
    this.#lines += count;
    this.#tooLong += count;
  }

  /** The last events. */
  end(): TrackerEvent[] {
    return this.#window.end();
  }

  report(): ReadingReport {
    return {
      lines: this.#lines,
      events: this.#events - this.#window.duplicates,
      malformed: this.#malformed,
      too_long: this.#tooLong,
      unknown: Object.fromEntries(this.#unknown),
      duplicates: this.#window.duplicates,
      late: this.#window.late,
      findings: this.#findings,
    };
  }

  #find(fault: string): void {
    if (this.#findings.length < FINDINGS_KEPT) this.#findings.push({ line: this.#lines, fault });
  }
}
