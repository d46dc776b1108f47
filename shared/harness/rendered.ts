/**
 * A run as people read it: the model's words, a line for each tool, errors. Pure.
 */
import { assertNever } from '../errors.ts';
import type { HarnessEvent } from './adapter.ts';

const DETAIL_CHARS = 200;

/** Whole lines, or nothing for what people need not see. */
export function rendered(event: HarnessEvent): string {
  switch (event.kind) {
    case 'text':
      return `${event.text.trimEnd()}\n`;
    case 'tool':
      return `→ ${event.name}${event.detail === undefined ? '' : ` ${inOneLine(event.detail)}`}\n`;
    case 'rate_limit':
    case 'auth':
    case 'error':
      return `! ${inOneLine(event.message)}${event.willRetry ? ' (it goes on)' : ''}\n`;
    case 'session':
    case 'usage':
    case 'quota':
    case 'end':
      return '';
    default:
      return assertNever(event);
  }
}

function inOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > DETAIL_CHARS ? `${line.slice(0, DETAIL_CHARS)}…` : line;
}
