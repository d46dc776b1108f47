/**
 * Subscription: deliveries of a subject as an async iterable with bounded memory.
 *
 * 1. Beyond the bounds the newest are dropped, and the status `slow-consumer` is told once until the reader has
 *    caught up to half: order is kept, and the gap is where the reader will look for it.
 * 2. The client subscribes again after a reconnect; what came in between is lost.
 * 3. `close` ends the iteration at once, and drops what was not read. Leaving the loop closes.
 */
import type { Msg } from 'nats';
import { WaggleError } from '../../errors.ts';
import type { Delivery, Subscription } from '../port.ts';
import { Arrivals } from './arrivals.ts';
import type { Link } from './link.ts';
import { type Send, toDelivery } from './message.ts';

export interface PendingLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export interface SubscribeOptions {
  readonly queue: string | undefined;
  readonly limits: PendingLimits;
  readonly send: Send;
  /** Called once when it is over. */
  readonly onClose: (subscription: Subscription) => void;
}

/** Throws `bus-closed`. Iterating throws `bus-forbidden` when the server refuses the subject. */
export function subscribe(link: Link, subject: string, options: SubscribeOptions): Subscription {
  const { queue, limits, send, onClose } = options;
  if (link.isClosed) throw link.closedError(false);
  const arrivals = new Arrivals<Msg>();
  let pendingBytes = 0;
  let slow = false;

  const client = link.client.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error !== null)
        return arrivals.end(new WaggleError('bus-forbidden', { operation: 'subscribe to', subject }));
      const bytes = message.data.length;
      if (arrivals.size >= limits.maxMessages || pendingBytes + bytes > limits.maxBytes) {
        if (!slow) link.reportSlowConsumer(subject);
        slow = true;
        return;
      }
      pendingBytes += bytes;
      arrivals.push(message);
    },
  });

  const close = (): void => {
    if (!client.isClosed()) client.unsubscribe();
    arrivals.clear();
    arrivals.end();
    onClose(subscription);
  };

  async function* deliveries(): AsyncGenerator<Delivery, void, void> {
    try {
      for (;;) {
        const message = arrivals.shift();
        if (message !== undefined) {
          pendingBytes -= message.data.length;
          if (slow && arrivals.size * 2 <= limits.maxMessages && pendingBytes * 2 <= limits.maxBytes)
            slow = false;
          yield toDelivery(message, send);
        } else if ((await arrivals.wait()) === 'ended') {
          if (arrivals.error !== undefined) throw arrivals.error;
          return;
        }
      }
    } finally {
      close();
    }
  }

  const subscription: Subscription = { close, [Symbol.asyncIterator]: deliveries };
  return subscription;
}
