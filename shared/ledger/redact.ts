/**
 * Takes e-mail addresses, tokens and keys out of text before it is written. Pure, and linear in the text. It
 * knows forms and names, not secrets: a password in the middle of a sentence stays. In doubt about a value
 * whose name says that it is secret, the value goes.
 *
 * Expects plain text: escapes and control characters within a secret would hide it.
 */
import { secretValueSpans } from './assignments.ts';
import { base64BlockSpans } from './base64-blocks.ts';
import { privateKeySpans, type Span } from './private-keys.ts';
import { withoutKnownForms } from './secret-forms.ts';
import { REDACTED } from './secret-value.ts';

/** The text with `[REDACTED]` in place of whatever must not be stored. */
export function redact(text: string): string {
  const withoutMarked = replaceSpans(text, privateKeySpans(text));
  const withoutKeys = replaceSpans(withoutMarked, base64BlockSpans(withoutMarked));
  // Names first: they know where a value ends that merely begins with a known form.
  return withoutKnownForms(replaceSpans(withoutKeys, secretValueSpans(withoutKeys)));
}

/** Spans come in order; of those that overlap, the first counts and the rest of the others too. */
function replaceSpans(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    if (start >= at) parts.push(text.slice(at, start), REDACTED);
    at = Math.max(at, end);
  }
  parts.push(text.slice(at));
  return parts.join('');
}
