/**
 * Request and answer over the bus, both checked against their schemas. A server answers every request it can
 * attribute: what is no valid request is refused by name and counted, never thrown; so is an answer that does not
 * fit a message.
 */
import type { MessageName, Messages } from '../../schemas/index.ts';
import { decode, encode, tryDecode } from './codec.ts';
import type { Bus, Delivery, RequestOptions } from './port.ts';
import { senderOf } from './subjects.ts';

export type CallOptions = Omit<RequestOptions, 'headers'>;

/** Sends a request and gives its checked answer. Errors: the port's, and `message-invalid`. */
export async function call<Q extends MessageName, A extends MessageName>(
  bus: Bus,
  subject: string,
  [request, value]: readonly [Q, Messages[Q]],
  answer: A,
  options: CallOptions,
): Promise<Messages[A]> {
  const { payload, headers } = encode(request, value);
  const delivery = await bus.request(subject, payload, { ...options, headers });
  return decode(answer, delivery);
}

export interface Asked<Q extends MessageName, A extends MessageName> {
  readonly from: string;
  readonly request: Messages[Q];
  answer(value: Messages[A]): void;
}

export interface Endpoint<Q extends MessageName, A extends MessageName> {
  readonly request: Q;
  readonly answer: A;
  readonly queue?: string;
  /** Called with each valid request; must not throw. */
  handle(asked: Asked<Q, A>): void;
  /** What to answer to a request that is not valid, if anything. */
  refuse(fault: string): Messages[A] | undefined;
  /** Called with each request that was refused here. */
  onFault(from: string, fault: string): void;
}

/** Serves an endpoint until the returned function is called. */
export function serve<Q extends MessageName, A extends MessageName>(
  bus: Bus,
  subject: string,
  endpoint: Endpoint<Q, A>,
): { stop(): Promise<void> } {
  const subscription = bus.subscribe(subject, endpoint.queue === undefined ? {} : { queue: endpoint.queue });
  const pump = async () => {
    for await (const delivery of subscription) {
      take(delivery, endpoint, bus.server().maxPayloadBytes - HEADER_BYTES);
    }
  };
  const done = pump();
  return {
    async stop() {
      subscription.close();
      await done;
    },
  };
}

/** Room for the headers of an answer. */
const HEADER_BYTES = 256;

function take<Q extends MessageName, A extends MessageName>(
  delivery: Delivery,
  endpoint: Endpoint<Q, A>,
  limit: number,
): void {
  const from = senderOf(delivery.subject);
  const refuse = (fault: string) => {
    endpoint.onFault(from ?? 'nobody', fault);
    const refusal = endpoint.refuse(fault);
    return refusal === undefined ? undefined : encode(endpoint.answer, refusal);
  };
  const answer = (value: Messages[A]) => {
    const encoded = encode(endpoint.answer, value);
    const bytes = encoded.payload.byteLength;
    // Whoever answers is busy with others: an answer that cannot be sent must not become its error.
    const fitting =
      bytes <= limit ? encoded : refuse(`the answer has ${bytes} bytes, more than a message may have`);
    if (fitting !== undefined) delivery.respond(fitting.payload, fitting.headers);
  };
  const decoded = tryDecode(endpoint.request, delivery);
  if (from !== undefined && decoded.ok) {
    endpoint.handle({ from, request: decoded.value, answer });
    return;
  }
  const refusal = refuse(decoded.ok ? `${delivery.subject} names no agent` : decoded.fault);
  if (refusal !== undefined) delivery.respond(refusal.payload, refusal.headers);
}
