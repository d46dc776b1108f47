/**
 * Reads the stream of Factory's Droid (`droid exec --output-format stream-json`), as others describe it: of the real
 * program's lines only its first and a refused login were seen (version 0.215). Pure.
 */
import type { HarnessEvent, StreamReader } from './adapter.ts';
import { countOf, detailOf, inside, type Json, numberOf, parseObject, textOf } from './json-line.ts';
import { toldFault } from './told-fault.ts';

export function droidReader(): StreamReader {
  return {
    push(line) {
      const event = parseObject(line);
      switch (event?.['type']) {
        case 'system': {
          if (event['subtype'] !== 'init') return [];
          const id = textOf(event['session_id']);
          const model = textOf(event['model']);
          const names = { ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) };
          return [{ kind: 'session', ...names }];
        }
        case 'message': {
          const text = textOf(event['text']);
          return event['role'] !== 'assistant' || text === undefined ? [] : [{ kind: 'text', text }];
        }
        case 'tool_call': {
          const detail = detailOf(event['parameters']);
          const name = textOf(event['toolName']) ?? 'tool';
          return [{ kind: 'tool', name, ...(detail === undefined ? {} : { detail }) }];
        }
        case 'error': {
          const message = textOf(event['message']) ?? textOf(inside(event, 'error')['message']) ?? 'error';
          const status = numberOf(event['status']) ?? numberOf(event['statusCode']);
          return [toldFault({ message, status, willRetry: false })];
        }
        case 'completion':
          return ended(event, textOf(event['finalText']), false);
        case 'result':
          return ended(event, textOf(event['result']), event['is_error'] === true);
        default:
          return [];
      }
    },
  };
}

function ended(event: Json, text: string | undefined, isError: boolean): HarnessEvent[] {
  const usage = inside(event, 'usage');
  const cached = countOf(usage['cache_read_input_tokens']);
  const isTold = numberOf(usage['input_tokens']) !== undefined;
  const used = {
    input_tokens: countOf(usage['input_tokens']) + countOf(usage['cache_creation_input_tokens']) + cached,
    cached_input_tokens: cached,
    output_tokens: countOf(usage['output_tokens']),
  };
  return [
    ...(isTold ? [{ kind: 'usage', usage: used } as const] : []),
    ...(isError ? [toldFault({ message: text ?? 'it ended with an error', willRetry: false })] : []),
    { kind: 'end', isError, ...(text === undefined ? {} : { text }) },
  ];
}
