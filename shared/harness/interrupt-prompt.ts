/**
 * What a harness is told when an operator's words interrupt it. Pure.
 */

const SECTION = '## Interrupt Context';

/** For the conversation that was interrupted. */
export function interruptPrompt(words: readonly string[]): string {
  return [
    SECTION,
    'You were interrupted while you worked on your task. Your working tree is as you left it. Heed these words of your operator, then go on with the task:',
    ...words,
  ]
    .join('\n\n')
    .concat('\n');
}

/** For a conversation that begins anew, because the interrupted one could not be gone on with. */
export function restartPrompt(words: readonly string[], tail: string, prompt: string): string {
  return [
    SECTION,
    'A run of this task was interrupted by your operator. The working tree is as that run left it. The words of your operator:',
    ...words,
    ...(tail === '' ? [] : ['The last that the interrupted run said:', fenced(tail)]),
    prompt,
  ].join('\n\n');
}

/** In a fence that the text cannot end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
