/**
 * What the leader hears of who is there, as it is published: beats, and the presence of those without a heartbeat. Feeds
 * what it remembers of grants and names; what is no valid message is counted.
 */
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import type { UsageInput } from '../../shared/board/decide-usage.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus, Delivery } from '../../shared/bus/port.ts';
import { senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
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
}

export function hear(options: HearingOptions): { stop(): void } {
  const { swarm, project } = options;
  const subjects = subjectsOf(project);
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
    stop() {
      for (const { subscription } of heard) subscription.close();
    },
  };
}

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
