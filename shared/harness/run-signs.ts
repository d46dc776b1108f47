/**
 * What the events of a run amount to, folded one by one: what decides its outcome, and what is noted of it. Bounded,
 * however long the run. Pure.
 */
import type { Quota, Usage } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import type { HarnessEvent } from './adapter.ts';
import { addUsage } from './usage.ts';

/** What went wrong last, and was not mended by what came after it. */
export interface Fault {
  readonly kind: 'rate_limit' | 'auth' | 'error';
  readonly message: string;
  /** The harness goes on trying by itself. */
  readonly willRetry: boolean;
  readonly retryAfterMs?: number;
  /** Milliseconds since the epoch; also where only `retryAfterMs` was told. */
  readonly resetsAt?: number;
}

export interface RunSigns {
  /** Its present process has given its first sign of life. */
  readonly started: boolean;
  readonly session?: string;
  readonly model?: string;
  /** Its last message, when nothing came after it. */
  readonly finalText?: string;
  /** Its last messages. */
  readonly texts: readonly string[];
  /** Of all its processes. */
  readonly usage?: Usage;
  /** That of `usage` which earlier processes told. */
  readonly usedBefore?: Usage;
  readonly quota?: Quota;
  readonly lastFault?: Fault;
  /** By its own word. */
  readonly ended?: { readonly isError: boolean };
  /** Calls of tools. */
  readonly tools: number;
}

export const noSigns: RunSigns = { started: false, texts: [], tools: 0 };

const TEXTS = 8;
const TEXT_CHARS = 16_000;
const MESSAGE_CHARS = 2_000;

/** `now`: when the event came, in milliseconds since the epoch. */
export function withEvent(signs: RunSigns, event: HarnessEvent, now: number): RunSigns {
  const begun: RunSigns = signs.started ? signs : { ...signs, started: true };
  switch (event.kind) {
    case 'session':
      return {
        ...begun,
        ...(event.id === undefined ? {} : { session: event.id }),
        ...(event.model === undefined ? {} : { model: event.model }),
      };
    case 'text': {
      const text = event.text.slice(-TEXT_CHARS);
      return { ...mended(begun), texts: [...begun.texts, text].slice(-TEXTS), finalText: text };
    }
    case 'tool': {
      const { finalText: _, ...rest } = mended(begun);
      return { ...rest, tools: begun.tools + 1 };
    }
    case 'usage': {
      const usage = addUsage(begun.usedBefore, event.usage);
      return { ...begun, ...(usage === undefined ? {} : { usage }) };
    }
    case 'quota':
      return { ...begun, quota: event.quota };
    case 'rate_limit':
    case 'auth':
    case 'error':
      // Told on another stream, and read late: nothing is tried again once its turn is over.
      if (event.willRetry && begun.ended?.isError === false) return begun;
      return { ...begun, lastFault: faultOf(event, begun.lastFault, now) };
    case 'end': {
      const { lastFault, ...rest } = begun;
      const text = event.text?.slice(-TEXT_CHARS);
      return {
        ...rest,
        ...(event.isError && lastFault !== undefined ? { lastFault } : {}),
        ...(text === undefined || text === '' ? {} : { finalText: text }),
        ended: { isError: event.isError },
      };
    }
    default:
      return assertNever(event);
  }
}

/** Before another process of the same run: what only its present process can say is forgotten. */
export function beforeNextProcess(signs: RunSigns): RunSigns {
  const { ended: _, lastFault: __, finalText: ___, usedBefore: ____, ...rest } = signs;
  return { ...rest, started: false, ...(rest.usage === undefined ? {} : { usedBefore: rest.usage }) };
}

/** Whoever goes on has got over what it only tried again, and its turn is not over. */
function mended({ ended: _, lastFault, ...rest }: RunSigns): RunSigns {
  return lastFault === undefined || lastFault.willRetry ? rest : { ...rest, lastFault };
}

type FaultEvent = Extract<HarnessEvent, { kind: Fault['kind'] }>;

function faultOf(event: FaultEvent, before: Fault | undefined, now: number): Fault {
  const { kind, willRetry } = event;
  const message = event.message.slice(0, MESSAGE_CHARS);
  if (kind === 'rate_limit') {
    const { retryAfterMs } = event;
    // What a later line of the same trouble leaves out is still so.
    const same = before?.kind === kind ? before : undefined;
    const told = event.resetsAt ?? (retryAfterMs === undefined ? undefined : now + retryAfterMs);
    const resetsAt = told ?? same?.resetsAt;
    return {
      kind,
      message,
      willRetry,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(resetsAt === undefined ? {} : { resetsAt }),
    };
  }
  // A plain error after a telling one is how the harness says that it gives up.
  if (kind === 'error' && before !== undefined && before.kind !== 'error' && !willRetry)
    return { ...before, willRetry };
  return { kind, message, willRetry };
}
