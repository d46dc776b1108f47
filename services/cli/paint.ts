/**
 * Colour, or none: only on a terminal, never under NO_COLOR. Text is painted after it was aligned.
 */

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof codes;

/** Gives the text in that colour, or as it is. */
export type Paint = (colour: Colour, text: string) => string;

export const noPaint: Paint = (_, text) => text;

/** The paint for a stream. */
export function paintFor(stream: { readonly isTTY?: boolean }, noColor: boolean): Paint {
  if (stream.isTTY !== true || noColor) return noPaint;
  return (colour, text) => (text === '' ? text : `\x1b[${codes[colour]}m${text}\x1b[0m`);
}
