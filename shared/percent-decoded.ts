/**
 * Text of a URL with its percent signs decoded. Total: URLs are made by people and machines, and passwords hold anything.
 */

/** A percent sign that encodes nothing is a percent sign. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
