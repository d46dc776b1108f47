/**
 * Reads the stream of Claude Code (`--output-format stream-json --verbose`, version 2.1). Pure.
 *
 * 1. Its retries of 401 and 429 alike are `system/api_retry`; what it says of its own (`<synthetic>`) is no model's word.
 * 2. Only the usage of `result` is whole: until then, a message's output is what it began with.
 */
import type { Usage } from '../../schemas/index.ts';
import type { HarnessEvent, StreamReader } from './adapter.ts';
import {
  amountOf,
  countOf,
  detailOf,
  inside,
  type Json,
  listOf,
  numberOf,
  parseObject,
  textOf,
} from './json-line.ts';
import { epochMs, waitOf } from './reset-time.ts';
import { toldFault } from './told-fault.ts';
import { addUsage } from './usage.ts';

const SYNTHETIC = '<synthetic>';
/** Messages of subagents come in between; more than these at a time are not told apart. */
const OPEN_MESSAGES = 32;

export function claudeReader(): StreamReader {
  /** Of messages that may still grow, by their ids; a message comes once for each of its blocks. */
  const open = new Map<string, Usage>();
  let closed: Usage | undefined;
  const count = (id: string, usage: Usage): HarnessEvent => {
    open.delete(id);
    open.set(id, usage);
    const oldest = open.keys().next().value;
    if (open.size > OPEN_MESSAGES && oldest !== undefined) {
      closed = addUsage(closed, open.get(oldest));
      open.delete(oldest);
    }
    const sum = [...open.values()].reduce<Usage | undefined>(addUsage, closed);
    return { kind: 'usage', usage: sum ?? {} };
  };
  return {
    push(line) {
      const event = parseObject(line);
      switch (event?.['type']) {
        case 'system':
          return ofSystem(event);
        case 'assistant':
          return ofAssistant(event, count);
        case 'rate_limit_event':
          return ofLimit(inside(event, 'rate_limit_info'));
        case 'result':
          return ofResult(event);
        default:
          return [];
      }
    },
  };
}

function ofSystem(event: Json): HarnessEvent[] {
  switch (event['subtype']) {
    case 'init': {
      const id = textOf(event['session_id']);
      const model = textOf(event['model']);
      return [
        { kind: 'session', ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) },
      ];
    }
    case 'api_retry': {
      const status = numberOf(event['error_status']);
      const error = textOf(event['error']) ?? 'error';
      const retryAfterMs = numberOf(event['retry_delay_ms']);
      const reset = retryAfterMs === undefined ? {} : waitOf(retryAfterMs);
      const message = `the provider answered ${status ?? 'nothing'} (${error})`;
      return [toldFault({ message, status, willRetry: true, reset })];
    }
    default:
      return [];
  }
}

function ofAssistant(event: Json, count: (id: string, usage: Usage) => HarnessEvent): HarnessEvent[] {
  const message = inside(event, 'message');
  const blocks = listOf(message['content']).map((block) => inside(block));
  if (message['model'] === SYNTHETIC) {
    const said = blocks.map(({ text }) => textOf(text) ?? '').join('\n');
    return event['error'] === undefined ? [] : [faultOf(textOf(event['error']) ?? 'error', said)];
  }
  const isSubagent = textOf(event['parent_tool_use_id']) !== undefined;
  const events = blocks.flatMap(({ type, text, name, input }): HarnessEvent[] => {
    if (type === 'tool_use') return [toolOf(name, input)];
    const words = type === 'text' && !isSubagent ? textOf(text) : undefined;
    return words === undefined ? [] : [{ kind: 'text', text: words }];
  });
  const id = textOf(message['id']);
  return id === undefined ? events : [...events, count(id, usageOf(inside(message, 'usage')))];
}

function toolOf(name: unknown, input: unknown): HarnessEvent {
  const detail = detailOf(input);
  return { kind: 'tool', name: textOf(name) ?? 'tool', ...(detail === undefined ? {} : { detail }) };
}

function faultOf(error: string, said: string): HarnessEvent {
  const status = /rate_limit|billing/.test(error) ? 429 : /auth|oauth/.test(error) ? 401 : undefined;
  return toldFault({ message: said || error, status, willRetry: false });
}

function usageOf(usage: Json): Usage {
  const cached = countOf(usage['cache_read_input_tokens']);
  return {
    input_tokens: countOf(usage['input_tokens']) + countOf(usage['cache_creation_input_tokens']) + cached,
    cached_input_tokens: cached,
    output_tokens: countOf(usage['output_tokens']),
  };
}

/** How much of the subscription's limit is used, and whether it is used up. */
function ofLimit(info: Json): HarnessEvent[] {
  const resetsAt = epochMs(info['resetsAt']);
  const isRejected = info['status'] === 'rejected';
  const used = isRejected ? 1 : numberOf(info['utilization']);
  const reset = resetsAt === undefined ? {} : { resetsAt };
  const events: HarnessEvent[] = [];
  if (used !== undefined)
    events.push({
      kind: 'quota',
      quota: {
        used: Math.min(1, Math.max(0, used)),
        ...(resetsAt === undefined ? {} : { resets_at: resetsAt }),
      },
    });
  const limit = textOf(info['rateLimitType']) ?? 'usage';
  // It may go on beyond the limit, at a price: then its next word mends this.
  if (isRejected)
    events.push({ kind: 'rate_limit', message: `the ${limit} limit is used up`, willRetry: true, ...reset });
  return events;
}

function ofResult(event: Json): HarnessEvent[] {
  const isError = event['is_error'] === true;
  const cost = amountOf(event['total_cost_usd']);
  const usage = {
    ...usageOf(inside(event, 'usage')),
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
  const text = textOf(event['result']);
  const errors = listOf(event['errors']).filter((one) => typeof one === 'string');
  const message = text ?? textOf(errors.join('; ')) ?? textOf(event['subtype']) ?? 'it ended with an error';
  const status = numberOf(event['api_error_status']);
  return [
    { kind: 'usage', usage },
    ...(isError ? [toldFault({ message, status, willRetry: false })] : []),
    { kind: 'end', isError, ...(text === undefined ? {} : { text }) },
  ];
}
