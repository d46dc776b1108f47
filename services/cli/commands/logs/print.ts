/**
 * Prints output in the order in which it was stored. Following goes by the same stored sequence: what is heard
 * live only says that there is something to read, so nothing comes twice, out of order, or is missed.
 */
import { subjectsOf } from '../../../../shared/bus/subjects.ts';
import type { Output } from '../../output.ts';
import { lastLines, outputText } from '../../output-text.ts';
import { outputOf, type ProjectLink, type Session, withProject } from '../../session.ts';
import { iso } from '../../tracker-record.ts';
import { findSource, type Source } from './source.ts';

export interface LogFlags {
  readonly follow?: boolean;
  readonly lines?: number;
  readonly run?: string;
  readonly json?: boolean;
}

interface Chunk {
  readonly seq: number;
  readonly run: string;
  readonly at: number;
  readonly text: string;
}

/** Read again at the latest after this. */
const REREAD_MS = 2_000;
/** What was heard is stored soon after; looked for a few times. */
const SETTLE_MS = 40;
const SETTLE_TRIES = 5;
const END_CHECK_MS = 1_000;

export async function printLogs(session: Session, name: string, flags: LogFlags): Promise<void> {
  const output = outputOf(session, flags);
  await withProject(session, async (link) => {
    const source = await findSource(link, name, flags.run, session.signal);
    if ('absent' in source) {
      output.warn(source.absent);
      return;
    }
    const printer = new Printer(session, output, source);
    if (flags.follow === true) await follow(link, source, printer, session.signal, flags.lines);
    else await printStored(link, source, printer, session.signal, flags.lines);
    printer.end();
  });
}

/** Everything stored; the sequence up to which it was looked at. */
async function printStored(
  link: ProjectLink,
  source: Source,
  printer: Printer,
  signal: AbortSignal,
  lines: number | undefined,
): Promise<number> {
  if (lines === undefined) return readFrom(link, source, 0, signal, (chunk) => printer.print(chunk));
  const chunks: Chunk[] = [];
  const scanned = await readFrom(link, source, 0, signal, (chunk) => chunks.push(chunk));
  printer.printLast(chunks, lines);
  return scanned;
}

async function readFrom(
  { reader }: ProjectLink,
  { agent, run }: Source,
  start: number,
  signal: AbortSignal,
  take: (chunk: Chunk) => void,
): Promise<number> {
  for (let after = start; ; ) {
    const page = await reader.output({ agent, after, ...(run === undefined ? {} : { run }) }, signal);
    for (const chunk of page.chunks) take(chunk);
    const isLast = page.scanned_to >= page.last || page.scanned_to <= after;
    after = Math.max(after, page.scanned_to);
    if (isLast) return after;
  }
}

async function follow(
  link: ProjectLink,
  source: Source,
  printer: Printer,
  signal: AbortSignal,
  lines: number | undefined,
): Promise<void> {
  const { swarm, context, client } = link;
  const { clock } = context;
  const { agent, run, liveFence } = source;
  const subscription = swarm.subscribe(subjectsOf(context.project).output(agent, run ?? '*'));
  let heard = 0;
  let wake = () => {};
  const pump = (async () => {
    for await (const _ of subscription) {
      heard = SETTLE_TRIES;
      wake();
    }
  })();
  /** Until something is heard, or the time is over. */
  const rest = async (ms: number) => {
    const woken = new AbortController();
    wake = () => woken.abort();
    await clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
  };
  const hasEnded = async () => {
    // A run that has no live grant writes nothing more; an agent has no end.
    if (run === undefined) return false;
    if (liveFence === undefined) return true;
    const { ended } = await client.query({ v: 1, kind: 'grants', fences: [liveFence] }, signal);
    return ended.length > 0;
  };
  try {
    let scanned = await printStored(link, source, printer, signal, lines);
    let nextCheck = 0;
    while (!signal.aborted) {
      let isOver = false;
      if (clock.monotonic() >= nextCheck) {
        isOver = await hasEnded();
        nextCheck = clock.monotonic() + END_CHECK_MS;
      }
      const before = scanned;
      scanned = await readFrom(link, source, scanned, signal, (chunk) => printer.print(chunk));
      // What a run wrote was published before its end was reported; a moment lets it be stored.
      if (isOver) {
        await clock.sleep(SETTLE_MS, signal).catch(() => undefined);
        if (!signal.aborted) await readFrom(link, source, scanned, signal, (chunk) => printer.print(chunk));
        return;
      }
      heard = scanned > before ? 0 : Math.max(0, heard - 1);
      const untilCheck = run === undefined ? REREAD_MS : Math.max(0, nextCheck - clock.monotonic());
      await rest(heard > 0 ? SETTLE_MS : Math.min(REREAD_MS, untilCheck));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    subscription.close();
    await pump;
  }
}

/** Writes chunks as they are; of several runs each begins with a line that names it. */
class Printer {
  readonly #session: Session;
  readonly #output: Output;
  readonly #source: Source;
  #run: string | undefined;
  #isMidLine = false;
  #hasPrinted = false;

  constructor(session: Session, output: Output, source: Source) {
    this.#session = session;
    this.#output = output;
    this.#source = source;
  }

  print({ seq, run, at, text }: Chunk): void {
    this.#hasPrinted = true;
    if (this.#output.json) this.#output.item({ seq, run, at: iso(at), text }, () => '');
    else {
      this.#begin(run);
      this.#write(outputText(text));
    }
  }

  /** The last lines of all; with --json the last pieces. */
  printLast(chunks: readonly Chunk[], count: number): void {
    if (this.#output.json) {
      for (const chunk of count === 0 ? [] : chunks.slice(-count)) this.print(chunk);
    } else if (chunks.length > 0) {
      this.#hasPrinted = true;
      this.#run = chunks.at(-1)?.run;
      this.#write(lastLines(chunks.map(({ text }) => outputText(text)).join(''), count));
    }
  }

  /** Ends the last line, and says so when there was none. */
  end(): void {
    if (this.#isMidLine) this.#session.stdout.write('\n');
    if (this.#hasPrinted) return;
    const { label, run } = this.#source;
    this.#output.warn(run === undefined ? `${label} has no output` : `${label} has no output of run ${run}`);
  }

  #begin(run: string): void {
    if (this.#source.run !== undefined || run === this.#run) return;
    this.#run = run;
    const title = `==> run ${run} <==`;
    this.#write(`${this.#isMidLine ? '\n' : ''}${this.#output.paint('bold', title)}\n`);
  }

  #write(text: string): void {
    if (text === '') return;
    this.#session.stdout.write(text);
    this.#isMidLine = !text.endsWith('\n');
  }
}
