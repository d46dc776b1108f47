/**
 * Reads the stream of opencode (`opencode run --format json`, version 1.18). Pure.
 *
 * 1. An `error` is its last word, with the provider's status and headers. That it tries again stands in its log alone,
 *    on standard error, as does the name of its conversation before it has said or done anything.
 * 2. It has no event for its end: the last step is the one that calls no tool.
 * 3. A tool is told of when it has ended; that the conversation holds the prompt is clear from the first step.
 * 4. Usage is the sum over its steps; its request for a title is in none of them.
 */
import type { Usage } from '../../schemas/index.ts';
import type { HarnessEvent, StreamReader } from './adapter.ts';
import {
  amountOf,
  countOf,
  detailOf,
  inside,
  type Json,
  numberOf,
  parseObject,
  textOf,
} from './json-line.ts';
import { resetOfHeaders } from './reset-time.ts';
import { toldFault } from './told-fault.ts';
import { addUsage } from './usage.ts';

export function opencodeReader(): StreamReader {
  let session: string | undefined;
  let used: Usage | undefined;
  const meaning = (event: Json): HarnessEvent[] => {
    const part = inside(event, 'part');
    switch (event['type']) {
      case 'text': {
        const text = textOf(part['text']);
        return text === undefined ? [] : [{ kind: 'text', text }];
      }
      case 'tool_use': {
        const detail = detailOf(inside(part, 'state')['input']);
        const name = textOf(part['tool']) ?? 'tool';
        return [{ kind: 'tool', name, ...(detail === undefined ? {} : { detail }) }];
      }
      case 'step_finish': {
        used = addUsage(used, usageOf(part));
        const isLast = part['reason'] !== 'tool-calls';
        return [
          { kind: 'usage', usage: used ?? {} },
          ...(isLast ? [{ kind: 'end', isError: false } as const] : []),
        ];
      }
      case 'error':
        return [ofError(inside(event, 'error')), { kind: 'end', isError: true }];
      default:
        return [];
    }
  };
  let isHeard = false;
  const named = (id: string | undefined, isStep: boolean): HarnessEvent[] => {
    if (id === undefined || (id === session && (isHeard || !isStep))) return [];
    session = id;
    isHeard ||= isStep;
    return [{ kind: 'session', id, ...(isStep ? { isHeard } : {}) }];
  };
  return {
    push(line) {
      const event = parseObject(line);
      if (event === undefined) return [];
      return [...named(textOf(event['sessionID']), event['type'] === 'step_start'), ...meaning(event)];
    },
    plain(line) {
      // The request for a title, by a small model, fails without harm.
      if (!line.includes('message="stream error"') || line.includes('small=true')) return [];
      const message = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? 'stream error';
      return [...named(/session\.id=(\S+)/.exec(line)?.[1], false), toldFault({ message, willRetry: true })];
    },
  };
}

function ofError(error: Json): HarnessEvent {
  const data = inside(error, 'data');
  const name = textOf(error['name']) ?? 'error';
  const status = numberOf(data['statusCode']) ?? (/auth/i.test(name) ? 401 : undefined);
  return toldFault({
    message: textOf(data['message']) ?? textOf(error['message']) ?? name,
    status,
    willRetry: false,
    reset: resetOfHeaders(inside(data, 'responseHeaders')),
  });
}

function usageOf(part: Json): Usage {
  const tokens = inside(part, 'tokens');
  const cached = countOf(inside(tokens, 'cache')['read']);
  const input = countOf(tokens['input']) + cached + countOf(inside(tokens, 'cache')['write']);
  // Reasoning stands beside the output or within it, as the provider counts it: the total tells.
  const told = countOf(tokens['output']) + countOf(tokens['reasoning']);
  const total = amountOf(tokens['total']);
  const output = total === undefined || total < input ? told : total - input;
  const cost = amountOf(part['cost']);
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: Math.round(output),
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
}
