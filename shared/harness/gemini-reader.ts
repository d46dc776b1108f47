/**
 * Reads the stream of Gemini CLI (`--output-format stream-json`, version 0.61). Pure.
 *
 * 1. The model's words come in pieces: they are put together until something else comes.
 * 2. An `error` is a warning, or what ended the turn; `result` says which.
 * 3. That it tries again stands on standard error alone.
 */
import type { HarnessEvent, StreamReader } from './adapter.ts';
import { countOf, detailOf, inside, type Json, parseObject, textOf } from './json-line.ts';
import { toldFault } from './told-fault.ts';

/** More of one message is not kept. */
const LONGEST_TEXT = 256 * 1024;

export function geminiReader(): StreamReader {
  let said = '';
  const flush = (): HarnessEvent[] => {
    const text = said;
    said = '';
    return text.trim() === '' ? [] : [{ kind: 'text', text }];
  };
  return {
    push(line) {
      const event = parseObject(line);
      switch (event?.['type']) {
        case 'init': {
          const id = textOf(event['session_id']);
          const model = textOf(event['model']);
          const names = { ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) };
          return [{ kind: 'session', ...names }];
        }
        case 'message': {
          if (event['role'] !== 'assistant') return [];
          const before = event['delta'] === true ? [] : flush();
          said = (said + (textOf(event['content']) ?? '')).slice(0, LONGEST_TEXT);
          return before;
        }
        case 'tool_use': {
          const detail = detailOf(event['parameters']);
          const name = textOf(event['tool_name']) ?? 'tool';
          return [...flush(), { kind: 'tool', name, ...(detail === undefined ? {} : { detail }) }];
        }
        case 'error': {
          const message = textOf(event['message']) ?? 'error';
          return [...flush(), toldFault({ message, willRetry: event['severity'] === 'warning' })];
        }
        case 'result':
          return [...flush(), ...ofResult(event)];
        default:
          return [];
      }
    },
    plain(line) {
      const found = /^Attempt \d+ failed(?: with status (\d{3}))?.*[Rr]etrying/.exec(line);
      if (found === null) return [];
      const status = found[1] === undefined ? undefined : Number(found[1]);
      return [toldFault({ message: line.trim(), status, willRetry: true })];
    },
  };
}

function ofResult(event: Json): HarnessEvent[] {
  const isError = event['status'] === 'error';
  const stats = inside(event, 'stats');
  const error = inside(event, 'error');
  const message = textOf(error['message']) ?? textOf(error['type']) ?? 'it ended with an error';
  return [
    {
      kind: 'usage',
      usage: {
        input_tokens: countOf(stats['input_tokens']),
        cached_input_tokens: countOf(stats['cached']),
        output_tokens: countOf(stats['output_tokens']),
      },
    },
    ...(isError ? [toldFault({ message, willRetry: false })] : []),
    { kind: 'end', isError },
  ];
}
