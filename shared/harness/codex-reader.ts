/**
 * Reads the stream of Codex (`codex exec --json`, version 0.169). Pure.
 *
 * 1. An `error` item is a warning; an `error` event that says `Reconnecting` is tried again; `turn.failed` is the end.
 * 2. Statuses and reset times stand only in words. Usage comes with the end of the turn, and not before; it is that of the
 *    whole conversation, of earlier processes too.
 */
import type { HarnessEvent, StreamReader } from './adapter.ts';
import { countOf, detailOf, inside, type Json, parseObject, textOf } from './json-line.ts';
import { toldFault } from './told-fault.ts';

export function codexReader(): StreamReader {
  return {
    push(line) {
      const event = parseObject(line);
      switch (event?.['type']) {
        case 'thread.started': {
          const id = textOf(event['thread_id']);
          return [{ kind: 'session', ...(id === undefined ? {} : { id }) }];
        }
        case 'item.started':
          return ofStarted(inside(event, 'item'));
        case 'item.completed':
          return ofCompleted(inside(event, 'item'));
        case 'error': {
          const message = textOf(event['message']) ?? 'error';
          return [toldFault({ message, willRetry: /^reconnecting/i.test(message) })];
        }
        case 'turn.failed': {
          const message = textOf(inside(event, 'error')['message']) ?? 'the turn failed';
          return [toldFault({ message, willRetry: false }), { kind: 'end', isError: true }];
        }
        case 'turn.completed':
          return ofTurn(inside(event, 'usage'));
        default:
          return [];
      }
    },
  };
}

function ofStarted(item: Json): HarnessEvent[] {
  switch (item['type']) {
    case 'command_execution':
      return [tool('shell', item['command'])];
    case 'mcp_tool_call':
      return [
        tool(`${textOf(item['server']) ?? 'mcp'}.${textOf(item['tool']) ?? 'tool'}`, item['arguments']),
      ];
    case 'web_search':
      return [tool('web_search', item['query'])];
    default:
      return [];
  }
}

function ofCompleted(item: Json): HarnessEvent[] {
  const message = textOf(item['message']) ?? textOf(item['text']);
  switch (item['type']) {
    case 'agent_message':
      return message === undefined ? [] : [{ kind: 'text', text: message }];
    case 'file_change':
      return [tool('edit', changedPaths(item['changes']))];
    case 'error':
      return message === undefined ? [] : [{ kind: 'error', message, willRetry: true }];
    default:
      return [];
  }
}

const changedPaths = (changes: unknown): string =>
  Array.isArray(changes) ? changes.map((change) => textOf(inside(change)['path']) ?? '?').join(' ') : '';

function tool(name: string, input: unknown): HarnessEvent {
  const detail = detailOf(input);
  return { kind: 'tool', name, ...(detail === undefined ? {} : { detail }) };
}

function ofTurn(usage: Json): HarnessEvent[] {
  return [
    {
      kind: 'usage',
      usage: {
        input_tokens: countOf(usage['input_tokens']),
        cached_input_tokens: countOf(usage['cached_input_tokens']),
        output_tokens: countOf(usage['output_tokens']),
      },
    },
    { kind: 'end', isError: false },
  ];
}
