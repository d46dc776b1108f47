/**
 * What the contract needs from whoever runs it: a bus with a server that can go away, and connections to it.
 */
import type { Bus, StreamSpec } from '../../../shared/bus/port.ts';

export interface ConnectOptions {
  /** A connection without rights on streams. Default: with all rights. */
  readonly asAgent?: boolean;
  /** Unread messages after which a subscription drops. */
  readonly maxPendingMessages?: number;
}

export interface BusLab {
  connect(options?: ConnectOptions): Promise<Bus>;
  /** The server dies at once; what it has stored in files stays. */
  kill(): Promise<void>;
  /** It comes back, under the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type MakeLab = () => Promise<BusLab>;

let streamCount = 0;

/** A stream that no other case uses: its name, its subject prefix and a spec. */
export function freshStream(more: Partial<StreamSpec> = {}): { name: string; at: string; spec: StreamSpec } {
  streamCount += 1;
  const name = `CASE_${streamCount}`;
  const at = `wg.case${streamCount}`;
  return { name, at, spec: { name, subjects: [`${at}.>`], storage: 'file', ...more } };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (payload: Uint8Array): string => Buffer.from(payload).toString();

/** The first `count` of an iterable; leaves it then. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of source) if (taken.push(item) === count) break;
  return taken;
}
