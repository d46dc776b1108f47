/**
 * A reply in the words of Anthropic's Messages: as a stream of events, or whole.
 */
import { event } from './events.ts';
import type { Reply } from './script.ts';

const blockOf = ({ id, turn }: Reply) =>
  turn.kind === 'text'
    ? { type: 'text', text: turn.text }
    : { type: 'tool_use', id: `toolu_${id}`, name: turn.name, input: turn.arguments };

const stopOf = ({ turn }: Reply) => (turn.kind === 'text' ? 'end_turn' : 'tool_use');

/** The answer to a request without `stream`. */
export const message = (reply: Reply) => ({
  id: `msg_${reply.id}`,
  type: 'message',
  role: 'assistant',
  model: reply.model,
  content: [blockOf(reply)],
  stop_reason: stopOf(reply),
  stop_sequence: null,
  usage: { input_tokens: reply.usage.input, output_tokens: reply.usage.output },
});

/** The whole stream of events. */
export function messagesStream(reply: Reply): string {
  const { turn, usage } = reply;
  const block = blockOf(reply);
  const [opened, delta] =
    turn.kind === 'text'
      ? [
          { ...block, text: '' },
          { type: 'text_delta', text: turn.text },
        ]
      : [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(turn.arguments) },
        ];
  const begun = { input_tokens: usage.input, output_tokens: 1 };
  const started = { ...message(reply), content: [], stop_reason: null, usage: begun };
  const ended = { stop_reason: stopOf(reply), stop_sequence: null };
  return [
    event('message_start', { type: 'message_start', message: started }),
    event('content_block_start', { type: 'content_block_start', index: 0, content_block: opened }),
    event('content_block_delta', { type: 'content_block_delta', index: 0, delta }),
    event('content_block_stop', { type: 'content_block_stop', index: 0 }),
    event('message_delta', {
      type: 'message_delta',
      delta: ended,
      usage: { output_tokens: usage.output },
    }),
    event('message_stop', { type: 'message_stop' }),
  ].join('');
}
