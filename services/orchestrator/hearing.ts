/**
 * What the leader hears of who is there, as it is published: beats, and the presence of those without a heartbeat. Feeds
 * what it remembers of grants and names; what is no valid message is counted.
 */
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import type { UsageInput } from '../../shared/board/decide-usage.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus, Delivery } from '../../shared/bus/port.ts';
import { senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { LifeSigns } from './life-signs.ts';
import type { Refusals } from './refusals.ts';
import type { Sightings } from './sightings.ts';

export interface HearingOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly signs: LifeSigns;
  readonly sightings: Sightings;
  readonly refusals: Refusals;
  /** A beat said what a run under way has used. */
  readonly onUsage: (input: UsageInput) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Hearing {
  /**
   * Has the silence of others proved by a round trip: the connection keeps its order, so that what the server had when the
   * trip began was heard when it ends. Returns at once; one trip at a time.
   */
  prove(): void;
  stop(): void;
}

export function hear(options: HearingOptions): Hearing {
  const { swarm, project, signs, clock, log } = options;
  const subjects = subjectsOf(project);
  let isOnTrip = false;
  const roundTrip = async (): Promise<void> => {
    const beganAt = clock.monotonic();
    await swarm.flush();
    // What has arrived is still to be taken from its queue.
    await clock.sleep(TAKEN_MS);
    signs.roundTrip(beganAt);
  };
  const heard = [
    { subscription: swarm.subscribe(subjects.beat('*')), take: hearBeat },
    { subscription: swarm.subscribe(subjects.presence('*')), take: hearPresence },
  ];
  for (const { subscription, take } of heard) {
    const pump = async () => {
      for await (const delivery of subscription) take(options, delivery);
    };
    void pump();
  }
  return {
    prove() {
      if (isOnTrip) return;
      isOnTrip = true;
      const failed = (error: unknown) => log.debug({ err: error }, 'no silence is proved: the bus is away');
      void roundTrip()
        .catch(failed)
        .finally(() => {
          isOnTrip = false;
        });
    },
    stop() {
      for (const { subscription } of heard) subscription.close();
    },
  };
}

const TAKEN_MS = 1;
const NAMELESS = 'the subject names no agent';

function hearBeat({ signs, sightings, refusals, onUsage }: HearingOptions, delivery: Delivery): void {
  const from = senderOf(delivery.subject);
  const decoded = tryDecode('Beat', delivery);
  if (from === undefined || !decoded.ok) {
    refusals.count('beat', from ?? 'nobody', decoded.ok ? NAMELESS : decoded.fault);
  } else if (decoded.value.state === LEAVING) {
    signs.gone(from, decoded.value.incarnation);
    sightings.left(from);
  } else {
    signs.seen(from, decoded.value.incarnation);
    sightings.seen(from);
    for (const { fence, usage } of decoded.value.grants) {
      signs.held(from, fence);
      if (usage !== undefined) onUsage({ from, fence, usage });
    }
  }
}

function hearPresence({ sightings, refusals }: HearingOptions, delivery: Delivery): void {
  const from = senderOf(delivery.subject);
  const decoded = tryDecode('Presence', delivery);
  if (from === undefined || !decoded.ok) {
    refusals.count('presence', from ?? 'nobody', decoded.ok ? NAMELESS : decoded.fault);
    return;
  }
  // Whoever asks for a name in use is not the one who uses it: what a `register` command decides counts.
  if (decoded.value.via !== 'register') sightings.seen(from);
}
