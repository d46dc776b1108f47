/**
 * Leaving when there is nothing to do: three snapshots of the board in a row without a ready or open task, each taken
 * after a claim that waited for work and found none. No harness is asked; nothing is started for it.
 */
import type { BoardClient } from '../bus/board-client.ts';
import type { Bus } from '../bus/port.ts';
import { sendMail } from '../bus/send-mail.ts';
import type { MailTarget } from '../bus/subjects.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RandomId } from '../random.ts';

/** How many empty snapshots in a row end a worker. */
export const IDLE_SNAPSHOTS = 3;

export interface IdleStopOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly client: Pick<BoardClient, 'query'>;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

export class IdleStop {
  readonly #options: IdleStopOptions;
  #empty = 0;

  constructor(options: IdleStopOptions) {
    this.#options = options;
  }

  /** There was work. */
  reset(): void {
    this.#empty = 0;
  }

  /** Takes a snapshot after a claim that found nothing; true when it is time to leave. */
  async isOver(signal: AbortSignal): Promise<boolean> {
    const { client, log } = this.#options;
    const { ready, states } = await client.query<'counts'>({ v: 1, kind: 'counts' }, signal);
    const open = states['open'] ?? 0;
    this.#empty = ready === 0 && open === 0 ? this.#empty + 1 : 0;
    log.debug({ ready, open, empty: this.#empty }, 'nothing to do');
    return this.#empty >= IDLE_SNAPSHOTS;
  }

  /** Says why the worker leaves, on topic `task` and to the orchestrator. A word that cannot be sent is logged. */
  async tell(): Promise<void> {
    const { project, log } = this.#options;
    const reason = `no ready/open ${project} tasks after ${IDLE_SNAPSHOTS} consecutive snapshots`;
    log.info({ reason }, 'idle-stop');
    await this.#send({ kind: 'topic', name: 'task' }, `loop status: ${reason}; idle-stop`);
    await this.#send({ kind: 'agent', name: 'orchestrator' }, `loop status: idle-stop (${reason})`);
  }

  async #send(to: MailTarget, body: string): Promise<void> {
    const { swarm, project, agent, clock, randomId, log } = this.#options;
    try {
      await sendMail(swarm, project, agent, to, {
        v: 1,
        id: randomId(),
        kind: 'notice',
        at: clock.now(),
        body,
      });
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the idle-stop notice could not be sent');
    }
  }
}
