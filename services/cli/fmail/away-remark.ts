/**
 * Says on standard error that the bus is away, once it has been for a while, and that it is back: whoever waits for a
 * mail knows why none comes.
 */
import type { Bus } from '../../../shared/bus/port.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Sink } from '../output.ts';

/** A server that is started again is back sooner. */
const PATIENCE_MS = 1_000;

/** Until the returned function is called. */
export function remarkAway(bus: Pick<Bus, 'onStatus'>, stderr: Sink, clock: Clock): () => void {
  let isTold = false;
  let outage: AbortController | undefined;
  const off = bus.onStatus((status) => {
    if (status === 'disconnected') {
      outage ??= new AbortController();
      const tell = () => {
        isTold = true;
        stderr.write('fmail: the bus is away; waiting for it\n');
      };
      clock.sleep(PATIENCE_MS, outage.signal).then(tell, () => undefined);
    }
    if (status !== 'connected') return;
    outage?.abort();
    outage = undefined;
    if (isTold) stderr.write('fmail: the bus is back\n');
    isTold = false;
  });
  return () => {
    off();
    outage?.abort();
  };
}
