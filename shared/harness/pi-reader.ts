/**
 * Reads the stream of pi (`pi -p --mode json`, version 0.73). Pure.
 *
 * 1. It ends with exit 0 whatever happens: a refused login or a limit is told only by an assistant's `message_end`.
 * 2. `agent_end` comes before each of its own retries too; a later one counts.
 * 3. Usage is the sum over the assistant's messages.
 */
import type { Usage } from '../../schemas/index.ts';
import type { HarnessEvent, StreamReader } from './adapter.ts';
import { amountOf, countOf, detailOf, inside, type Json, listOf, parseObject, textOf } from './json-line.ts';
import { toldFault } from './told-fault.ts';
import { addUsage } from './usage.ts';

/** They repeat the whole message for each of its pieces, and say nothing that its end doesn't. */
const UPDATES = '{"type":"message_update"';

export function piReader(): StreamReader {
  let used: Usage | undefined;
  let isFailed = false;
  const ofMessage = (message: Json): HarnessEvent[] => {
    if (message['role'] !== 'assistant') return [];
    used = addUsage(used, usageOf(inside(message, 'usage')));
    const failure = failureOf(message);
    isFailed = failure !== undefined;
    const model = textOf(message['model']);
    const text = listOf(message['content'])
      .map((block) => (inside(block)['type'] === 'text' ? (textOf(inside(block)['text']) ?? '') : ''))
      .join('');
    return [
      ...(model === undefined ? [] : [{ kind: 'session', model } as const]),
      ...(text === '' ? [] : [{ kind: 'text', text } as const]),
      { kind: 'usage', usage: used ?? {} },
      ...(failure === undefined ? [] : [toldFault({ message: failure, willRetry: false })]),
    ];
  };
  return {
    push(line) {
      if (line.startsWith(UPDATES)) return [];
      const event = parseObject(line);
      switch (event?.['type']) {
        case 'session': {
          const id = textOf(event['id']);
          return [{ kind: 'session', ...(id === undefined ? {} : { id }) }];
        }
        case 'message_end':
          return ofMessage(inside(event, 'message'));
        case 'tool_execution_start': {
          const detail = detailOf(event['args']);
          const name = textOf(event['toolName']) ?? 'tool';
          return [{ kind: 'tool', name, ...(detail === undefined ? {} : { detail }) }];
        }
        case 'auto_retry_start': {
          const message = textOf(event['errorMessage']) ?? 'error';
          return [toldFault({ message, willRetry: true })];
        }
        case 'auto_retry_end': {
          if (event['success'] === true) return [];
          const message = textOf(event['finalError']) ?? 'it gave up trying';
          return [toldFault({ message, willRetry: false })];
        }
        case 'agent_end':
          return [{ kind: 'end', isError: isFailed }];
        default:
          return [];
      }
    },
  };
}

function failureOf(message: Json): string | undefined {
  const { stopReason, errorMessage } = message;
  if (stopReason !== 'error' && stopReason !== 'aborted') return undefined;
  return textOf(errorMessage) ?? `the model's answer ended: ${stopReason}`;
}

function usageOf(usage: Json): Usage {
  const cached = countOf(usage['cacheRead']);
  const cost = amountOf(inside(usage, 'cost')['total']);
  return {
    input_tokens: countOf(usage['input']) + cached + countOf(usage['cacheWrite']),
    cached_input_tokens: cached,
    output_tokens: countOf(usage['output']),
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
}
