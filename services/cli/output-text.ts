/**
 * Harness output as a terminal may have it, and the end of it. Pure.
 */
import { stripVTControlCharacters } from 'node:util';
import { printable } from './printable.ts';

/** Without colours and cursor movements; a carriage return alone (a progress bar) begins a new line. */
export function outputText(text: string): string {
  return printable(stripVTControlCharacters(text).replaceAll(/\r(?!\n)/g, '\n'));
}

/** The last `count` lines of the text; a line break at its end counts with its line. */
export function lastLines(text: string, count: number): string {
  if (count === 0) return '';
  const isEnded = text.endsWith('\n');
  const lines = (isEnded ? text.slice(0, -1) : text).split('\n');
  return lines.slice(-count).join('\n') + (isEnded ? '\n' : '');
}
