/**
 * Takes control messages for an agent: the end of a grant, and an operator's orders. Answered when an answer is awaited.
 *
 * A message that takes its time (a harness is being steered) holds up none behind it.
 */
import type { Control, ControlAnswer } from '../../schemas/index.ts';
import { encode, tryDecode } from '../bus/codec.ts';
import type { Bus, Delivery } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { assertNever, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { HeldGrant } from './held-grant.ts';
import type { LoopOrders, WordOrders } from './orders.ts';

export interface ControlDeskOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly held: () => readonly HeldGrant[];
  readonly orders: LoopOrders;
  /** Absent: this agent runs no harness. */
  readonly words?: WordOrders;
  readonly log: Log;
}

const done: ControlAnswer = { v: 1, status: 'done' };
const refused = (message: string): ControlAnswer => ({ v: 1, status: 'refused', message });
const ignored = (message: string): ControlAnswer => ({ v: 1, status: 'ignored', message });

export function serveControl(options: ControlDeskOptions): { stop(): Promise<void> } {
  const { swarm, project, agent, log } = options;
  const subscription = swarm.subscribe(subjectsOf(project).request('control', agent));
  const busy = new Set<Promise<void>>();
  const answer = async (delivery: Delivery): Promise<void> => {
    const decoded = tryDecode('Control', delivery);
    const said = decoded.ok
      ? await carryOut(options, decoded.value).catch((error: unknown) => {
          log.error({ err: error, kind: decoded.value.kind }, 'an order could not be carried out');
          return refused(messageOf(error));
        })
      : refused(decoded.fault);
    if (delivery.replyTo === undefined) return;
    const { payload, headers } = encode('ControlAnswer', said);
    delivery.respond(payload, headers);
  };
  const pump = (async () => {
    for await (const delivery of subscription) {
      const work = answer(delivery)
        .catch((error: unknown) => log.error({ err: error }, 'an order could not be answered'))
        .finally(() => busy.delete(work));
      busy.add(work);
    }
  })();
  return {
    async stop() {
      subscription.close();
      await pump;
      await Promise.all(busy);
    },
  };
}

async function carryOut(options: ControlDeskOptions, control: Control): Promise<ControlAnswer> {
  const { orders, words, agent } = options;
  const word = async (say: (to: WordOrders) => Promise<ControlAnswer['applied']>): Promise<ControlAnswer> => {
    if (words === undefined) return refused(`${agent} runs no harness: nobody would read it`);
    const applied = await say(words);
    return applied === undefined ? done : { ...done, applied };
  };
  switch (control.kind) {
    case 'end':
      return endGrant(options, control.fence, 'fenced', control.reason);
    case 'halt':
      return endGrant(options, control.fence, 'halt', control.reason);
    case 'drain':
      orders.drain();
      return done;
    case 'stop':
      return { ...done, applied: orders.stop() };
    case 'kill':
      orders.kill(control.reason ?? 'an operator ended it');
      return { ...done, applied: 'now' };
    case 'pause':
      return { ...done, applied: orders.pause(control.for_ms) };
    case 'resume':
      return orders.resume() ? { ...done, applied: 'now' } : ignored(`${agent} was not paused`);
    case 'msg':
      return word((to) => to.message(control.id, control.text));
    case 'next_prompt':
      return word((to) => to.nextPrompt(control.id, control.text));
    case 'steer':
      return word((to) => to.steer(control.id, control.text));
    default:
      return assertNever(control);
  }
}

function endGrant(
  { held, log }: ControlDeskOptions,
  fence: number,
  how: 'fenced' | 'halt',
  reason: string,
): ControlAnswer {
  const lost = held().find(({ grant }) => grant.fence === fence);
  if (lost === undefined) return ignored(`fence ${fence} is not held here`);
  const { task } = lost.grant;
  if (how === 'fenced') log.warn({ task, fence, reason }, 'the grant has ended elsewhere');
  else log.warn({ task, fence, reason }, 'the run has to end');
  lost.end(how, reason);
  return done;
}
