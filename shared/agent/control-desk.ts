/**
 * Takes control messages for an agent: the end of a grant, and `drain`. Answered when an answer is awaited.
 */
import type { ControlAnswer } from '../../schemas/index.ts';
import { encode, tryDecode } from '../bus/codec.ts';
import type { Bus, Delivery } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { assertNever } from '../errors.ts';
import type { Log } from '../log.ts';
import type { HeldGrant } from './held-grant.ts';

export function serveControl(options: {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly held: () => readonly HeldGrant[];
  readonly drain: () => void;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const { swarm, project, agent, held, drain, log } = options;
  const subscription = swarm.subscribe(subjectsOf(project).request('control', agent));
  const take = (delivery: Delivery): ControlAnswer => {
    const decoded = tryDecode('Control', delivery);
    if (!decoded.ok) return { v: 1, status: 'refused', message: decoded.fault };
    const control = decoded.value;
    switch (control.kind) {
      case 'end': {
        const lost = held().find(({ grant }) => grant.fence === control.fence);
        if (lost === undefined)
          return { v: 1, status: 'ignored', message: `fence ${control.fence} is not held here` };
        log.warn(
          { task: lost.grant.task, fence: control.fence, reason: control.reason },
          'the grant has ended elsewhere',
        );
        lost.end('fenced');
        return { v: 1, status: 'done' };
      }
      case 'drain':
        drain();
        return { v: 1, status: 'done' };
      default:
        return assertNever(control);
    }
  };
  const pump = (async () => {
    for await (const delivery of subscription) {
      const answer = take(delivery);
      if (delivery.replyTo === undefined) continue;
      const { payload, headers } = encode('ControlAnswer', answer);
      delivery.respond(payload, headers);
    }
  })();
  return {
    async stop() {
      subscription.close();
      await pump;
    },
  };
}
