/**
 * A subscription of a simulated client: deliveries in the order in which they came, in bounded memory.
 *
 * 1. Beyond the bound the newest are dropped, and that is told once until the reader has caught up to half.
 * 2. `close` ends the iteration at once; leaving the loop closes.
 */
import { WaggleError } from '../../errors.ts';
import { Arrivals } from '../nats/arrivals.ts';
import type { Delivery, Headers, Payload, Subscription } from '../port.ts';
import type { Message } from './server.ts';

export interface SubscriptionOptions {
  readonly subject: string;
  readonly maxPending: number;
  readonly isForbidden: boolean;
  readonly respond: (to: string, payload: Payload, headers?: Headers) => void;
  readonly onSlow: () => void;
  readonly onClose: () => void;
}

export interface OpenSubscription extends Subscription {
  take(message: Message): void;
}

export function openSubscription(options: SubscriptionOptions): OpenSubscription {
  const { subject, maxPending, isForbidden, respond, onSlow, onClose } = options;
  const arrivals = new Arrivals<Message>();
  let isSlow = false;
  if (isForbidden) arrivals.end(new WaggleError('bus-forbidden', { operation: 'subscribe to', subject }));
  const close = () => {
    arrivals.clear();
    arrivals.end();
    onClose();
  };
  async function* deliveries(): AsyncGenerator<Delivery, void, void> {
    try {
      for (;;) {
        const message = arrivals.shift();
        if (message !== undefined) {
          if (isSlow && arrivals.size * 2 <= maxPending) isSlow = false;
          yield toDelivery(message, respond);
        } else if ((await arrivals.wait()) === 'ended') {
          if (arrivals.error !== undefined) throw arrivals.error;
          return;
        }
      }
    } finally {
      close();
    }
  }
  return {
    take(message) {
      if (arrivals.size < maxPending) {
        arrivals.push(message);
        return;
      }
      if (!isSlow) onSlow();
      isSlow = true;
    },
    close,
    [Symbol.asyncIterator]: deliveries,
  };
}

/** A message as the port gives it. */
export function toDelivery(
  { subject, payload, headers, replyTo }: Message,
  respond: SubscriptionOptions['respond'],
): Delivery {
  let isAnswered = false;
  return {
    subject,
    payload,
    headers,
    ...(replyTo === undefined ? {} : { replyTo }),
    respond(answer, answerHeaders) {
      if (replyTo === undefined || isAnswered) return;
      isAnswered = true;
      respond(replyTo, answer, answerHeaders);
    },
  };
}
