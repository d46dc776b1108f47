/**
 * A reply in the words of OpenAI's Chat Completions, as a stream of chunks.
 */
import { unnamed } from './events.ts';
import type { Reply } from './script.ts';

/** The whole stream of chunks. */
export function completionsStream({ id, model, turn, usage }: Reply): string {
  const chunk = { id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: 1, model };
  const choice = (delta: object, reason: string | null) => ({
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  const delta =
    turn.kind === 'text'
      ? { role: 'assistant', content: turn.text }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              index: 0,
              id: `call_${id}`,
              type: 'function',
              function: { name: turn.name, arguments: JSON.stringify(turn.arguments) },
            },
          ],
        };
  const total = usage.input + usage.output;
  const tokens = { prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: total };
  return [
    unnamed({ ...chunk, ...choice(delta, null) }),
    unnamed({ ...chunk, ...choice({}, turn.kind === 'text' ? 'stop' : 'tool_calls') }),
    unnamed({ ...chunk, choices: [], usage: tokens }),
    unnamed('[DONE]'),
  ].join('');
}
