/**
 * The asking side of a claim: one slot's long poll. Sends the same request id until it is answered, again after
 * a reconnect and after a leader's word, so a lost request or reply costs nothing (DESIGN 2.2).
 */
import type { Capabilities, Claim, ClaimAnswer, Place, Report } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError } from '../errors.ts';
import { isTransient } from './board-client.ts';
import { tryDecode } from './codec.ts';
import type { Bus } from './port.ts';
import { call } from './rpc.ts';
import { subjectsOf } from './subjects.ts';

export interface ClaimerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly work: Claim['work'];
  readonly incarnation: string;
  readonly slot: number;
  readonly place: Place;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  /** How long one claim may wait at the leader. Default: 20 s. */
  readonly waitMs?: number;
}

export interface Claimer {
  /**
   * One claim, under a new number. Rejects with the signal's reason when it aborts; the leader may then still
   * grant it, and the next claim, which does not list that grant, releases it.
   */
  next(request: {
    readonly holds: readonly number[];
    readonly report?: Report;
    readonly afterMail?: number;
    readonly waitMs?: number;
    /** Asks for nothing: makes what was asked before void, and brings the last report. */
    readonly leaving?: boolean;
    readonly signal: AbortSignal;
  }): Promise<ClaimAnswer>;
  close(): void;
}

const MARGIN_MS = 5_000;
const RETRY_MS = 200;
/** Who lost its place answers at once, again and again: the next leader's word ends the wait early. */
const OLD_TERM_MS = 1_000;

export function createClaimer(options: ClaimerOptions): Claimer {
  const { swarm, project, agent, clock } = options;
  const subjects = subjectsOf(project);
  const subject = subjects.request('claim', agent);
  let number = 0;
  let term = 0;
  let genesis: string | undefined;
  let resend = () => {};
  const notices = swarm.subscribe(subjects.leader);
  const listening = (async () => {
    for await (const delivery of notices) {
      const decoded = tryDecode('LeaderNotice', delivery);
      if (!decoded.ok || decoded.value.term < term) continue;
      term = decoded.value.term;
      resend();
    }
  })();
  const offStatus = swarm.onStatus((status) => {
    if (status === 'connected') resend();
  });

  return {
    async next({ holds, report, afterMail, leaving, signal, waitMs = options.waitMs ?? 20_000 }) {
      number += 1;
      const claim: Claim = {
        v: 1,
        kind: 'claim',
        work: options.work,
        incarnation: options.incarnation,
        slot: options.slot,
        number,
        holds: [...holds],
        capabilities: options.capabilities,
        place: options.place,
        wait_ms: waitMs,
        ...(genesis === undefined ? {} : { genesis }),
        ...(report === undefined ? {} : { report }),
        ...(afterMail === undefined ? {} : { after_mail: afterMail }),
        ...(leaving === true ? { leaving } : {}),
      };
      for (;;) {
        signal.throwIfAborted();
        const again = new AbortController();
        resend = () => again.abort();
        try {
          const answer = await call(swarm, subject, ['Claim', claim], 'ClaimAnswer', {
            timeoutMs: waitMs + MARGIN_MS,
            signal: AbortSignal.any([signal, again.signal]),
          });
          if (answer.term >= term) {
            term = answer.term;
            genesis = answer.genesis;
            return answer;
          }
          // A leader that has lost its place and doesn't know it yet.
          await pause(signal, again.signal, OLD_TERM_MS);
        } catch (error) {
          signal.throwIfAborted();
          const isResent = again.signal.aborted;
          if (!isResent && !(isWaggleError(error) && isTransient(error))) throw error;
          if (!isResent) await pause(signal, again.signal);
        } finally {
          resend = () => {};
        }
      }
    },
    close() {
      offStatus();
      notices.close();
      void listening;
    },
  };

  /** A moment before the next try, cut short by a leader's word. */
  async function pause(signal: AbortSignal, early: AbortSignal, ms = RETRY_MS): Promise<void> {
    await clock.sleep(ms, AbortSignal.any([signal, early])).catch(() => undefined);
  }
}
