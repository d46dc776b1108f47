/**
 * Lets letters be judged once MAIL is read as far as it went when their time came: who has acknowledged in time must not be
 * told of, though the receipt be behind much other mail, came while nobody led, or is held back by the network.
 */
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Writer } from './writer.ts';

interface LettersDueOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly writer: Pick<Writer, 'wantsMailRead' | 'mailIsRead' | 'mailSeq'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How late a letter may be told of. */
const LOOK_MS = 250;
const CATCH_UP_MS = 100;
const RETRY_MS = 1_000;

/** Asks for MAIL's end where a letter waits for that, until the signal aborts. Errors: those that are no trouble of the bus. */
export async function letLettersComeDue(options: LettersDueOptions, signal: AbortSignal): Promise<void> {
  const { writer, clock } = options;
  const rest = (ms: number) => clock.sleep(ms, signal).catch(() => undefined);
  while (!signal.aborted) {
    const at = writer.wantsMailRead();
    if (at === undefined) {
      await rest(LOOK_MS);
      continue;
    }
    let end = await endOfMail(options);
    if (end === undefined) {
      await rest(RETRY_MS);
      continue;
    }
    while (!signal.aborted && writer.mailSeq() < end) {
      await rest(CATCH_UP_MS);
      // Where MAIL was cut meanwhile, that one never comes.
      end = Math.min(end, (await endOfMail(options)) ?? end);
    }
    if (!signal.aborted) writer.mailIsRead(at);
  }
}

/** The sequence of the last mail; undefined where nobody can say. */
async function endOfMail({ swarm, project, log }: LettersDueOptions): Promise<number | undefined> {
  try {
    const lastBySubject = subjectsOf(project).mailTo();
    return (await swarm.streams.get(streamNames(project).mail, { lastBySubject }))?.seq ?? 0;
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    log.debug({ err: messageOf(error) }, 'the end of MAIL cannot be read yet');
    return undefined;
  }
}
