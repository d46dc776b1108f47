/**
 * One term of leading: hears beats and the leader's word, lets the watch judge, and mails what it finds. Translates
 * and executes; the watch decides.
 *
 * 1. Judging and sending are one synchronous stretch, and the judge is told the time of that very moment: after a
 *    stop in between it finds the gap and judges nobody.
 * 2. Nothing is kept for later: what cannot be sent now is decided anew when it can.
 */
import type { Beat, Report } from '../../schemas/index.ts';
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { lastBeat, readBeats } from './beat-reader.ts';
import type { Pulse } from './pulse.ts';
import type { StatusDesk } from './status-desk.ts';
import { judgeEveryMs, type Moment, type Verdict, Watch, type Withheld } from './watch.ts';

export interface TermOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  readonly pulse: Pick<Pulse, 'sentAt'>;
  readonly desk: StatusDesk;
  /** Who judges. Tests put others in. */
  readonly newWatch?: ((now: Moment) => Watch) | undefined;
}

type Finding = Exclude<Verdict, { kind: 'look' }>;

/** Watches until the signal aborts. `isHeld` tells whether the lead may have been lost since. */
export async function watchOver(
  options: TermOptions,
  signal: AbortSignal,
  isHeld: () => boolean,
): Promise<void> {
  const { swarm, clock, desk, pulse, log, newWatch = (at) => new Watch(at) } = options;
  const now = (): Moment => ({ monotonic: clock.monotonic(), wall: clock.now() });
  const watch = newWatch(now());
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const under = new Map<string, Promise<void>>();
  const mails = new Set<Promise<void>>();
  let told: Withheld | 'judging' | undefined;
  let isEchoed = false;
  let isDoubled = false;

  const step = () => {
    if (ending.aborted || !isHeld()) return;
    const { verdicts, withheld } = watch.judge(now());
    for (const verdict of verdicts) {
      if (verdict.kind === 'look') look(verdict.agent);
      else send(verdict);
    }
    if (told === (withheld ?? 'judging')) return;
    told = withheld ?? 'judging';
    log.info({ withheld }, withheld === undefined ? 'judging' : 'judging nobody');
  };
  const look = (agent: string) => {
    if (under.has(agent)) return;
    const askedAt = clock.monotonic();
    const looking = lastBeat(options, agent)
      .then((found) => {
        watch.looked(clock.monotonic(), askedAt, agent, found);
        under.delete(agent);
        step();
      })
      .catch((error: unknown) => {
        under.delete(agent);
        log.debug({ agent, reason: messageOf(error) }, 'its last beat cannot be read');
      });
    under.set(agent, looking);
  };
  const send = (finding: Finding) => {
    const mailed = mail(options, finding).finally(() => mails.delete(mailed));
    mails.add(mailed);
  };

  const noteDouble = ({ place, pid }: Beat) => {
    if (!isDoubled)
      log.warn({ host: place.host, pid }, 'another process beats under this name; give each its own --name');
    isDoubled = true;
  };

  const offStatus = swarm.onStatus((status) => {
    if (status === 'connected' || status === 'disconnected') watch.began(clock.monotonic());
  });
  const offDesk = desk.hear((status, askedAt) => watch.status(clock.monotonic(), askedAt, status), 'watch');
  const reading = readBeats(
    options,
    {
      onAnew: () => watch.began(clock.monotonic(), 'anew'),
      onBeat: (agent, stored) => {
        const sentAt = pulse.sentAt(agent, stored.beat);
        if (sentAt !== undefined) {
          isEchoed = true;
          watch.echoed(sentAt);
        } else if (agent !== options.agent) watch.beat(clock.monotonic(), agent, stored);
        else if (isEchoed && stored.beat.state !== LEAVING) noteDouble(stored.beat);
      },
    },
    ending,
  ).catch((error: unknown) => failed.abort(error));
  try {
    while (!ending.aborted) {
      step();
      await clock.sleep(judgeEveryMs(desk.leaseMs()), ending).catch(() => undefined);
    }
    if (!signal.aborted) throw failed.signal.reason;
  } finally {
    failed.abort();
    offStatus();
    offDesk();
    await Promise.all([reading, ...under.values(), ...mails]);
  }
}

async function mail(options: TermOptions, finding: Finding): Promise<void> {
  const { swarm, project, agent, clock, desk, log } = options;
  const { kind, grant, silentMs } = finding;
  const report = reportOf(finding, options.randomId());
  const about = { task: grant.task, fence: grant.fence, owner: grant.agent, silentMs };
  try {
    const to = { kind: 'agent', name: 'orchestrator' } as const;
    await sendMail(swarm, project, agent, to, {
      v: 1,
      id: report.id,
      kind: 'report',
      at: clock.now(),
      report,
    });
    log.info({ ...about, finding: kind, lastSign: finding.lastSign }, 'reported');
    desk.askNow();
  } catch (error) {
    log.warn({ ...about, finding: kind, reason: messageOf(error) }, 'the report was not stored');
  }
}

function reportOf({ kind, grant, silentMs, lastSign }: Finding, id: string): Report {
  const { task, fence, run } = grant;
  const head = { v: 1 as const, id, task, fence, run };
  const saw = { silent_ms: silentMs, last_sign: lastSign };
  return kind === 'nudge'
    ? { ...head, kind: 'stale', ...saw }
    : { ...head, kind: 'takeover', reason: kind, ...saw };
}
