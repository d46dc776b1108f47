/**
 * Text from others as a terminal may have it: without the control characters that could move the cursor,
 * recolour the screen or rewrite what stands there. Line breaks and tabs stay.
 */

/** The text without control characters. */
export function printable(text: string): string {
  return text
    .replaceAll(/\r\n/g, '\n')
    .replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** The text as one line: any run of white space becomes one space. */
export function singleLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ').trim();
}
