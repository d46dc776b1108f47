/**
 * Where the streams of a backup lie on the bus, and reading them in pages.
 */
import type { Bus, Stored } from '../bus/port.ts';
import { streamNames } from '../bus/topology.ts';
import type { BackupStream } from './container.ts';

/** Connections with the rights of services. */
export interface Buses {
  readonly core: Bus;
  readonly swarm: Bus;
}

export interface StreamPlace {
  readonly bus: Bus;
  readonly name: string;
}

export function placesOf(
  { core, swarm }: Buses,
  project: string,
): Readonly<Record<BackupStream, StreamPlace>> {
  const names = streamNames(project);
  return {
    journal: { bus: core, name: names.journal },
    snapshots: { bus: core, name: names.snapshots },
    mail: { bus: swarm, name: names.mail },
    files: { bus: swarm, name: names.files },
  };
}

/** Messages of a page: those of files and snapshots are large. */
const PAGE = { journal: 200, snapshots: 16, mail: 500, files: 16 } as const;

/** The messages up to the sequence `to`; without one, up to the end, wherever that is by then. */
export async function* messagesOf(
  { bus, name }: StreamPlace,
  stream: BackupStream,
  to = Number.POSITIVE_INFINITY,
  signal?: AbortSignal,
): AsyncGenerator<Stored> {
  for (let fromSeq = 1; fromSeq <= to; ) {
    signal?.throwIfAborted();
    const page = await bus.streams.page(name, { fromSeq, limit: PAGE[stream] });
    for (const message of page.messages) {
      if (message.seq > to) return;
      yield message;
    }
    fromSeq = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
    if (fromSeq > page.lastSeq) return;
  }
}
