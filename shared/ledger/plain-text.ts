/**
 * What a harness wrote, as plain text: without terminal escapes and control characters, which could hide a
 * secret from the redaction or repaint the terminal of whoever reads the file. Pure; linear in its input.
 */

/**
 * Operating system commands and their like with their end, control sequences, other escapes. Text after a
 * command that has no end on its line stays: only its introducer goes.
 */
const escapes =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;
/** All but tab and line feed; also the marks that reorder what is shown. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** The text with tabs and line feeds only; a carriage return alone (a progress bar) begins a new line. */
export function plainText(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/\r+\n?/g, '\n')
    .replace(controls, '');
}

/** The text as one line: line breaks and tabs become a space. */
export function oneLine(text: string): string {
  return plainText(text)
    .replace(/[\t\n\u2028\u2029]+/g, ' ')
    .trim();
}
