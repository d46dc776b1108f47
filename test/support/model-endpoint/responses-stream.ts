/**
 * A reply in the words of OpenAI's Responses, as a stream of events.
 */
import { event } from './events.ts';
import type { Reply } from './script.ts';

function itemOf({ id, turn }: Reply): object {
  if (turn.kind === 'text')
    return {
      type: 'message',
      id: `msg_${id}`,
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: turn.text, annotations: [] }],
    };
  const { name, namespace } = turn;
  const called = { call_id: `call_${id}`, name, ...(namespace === undefined ? {} : { namespace }) };
  return typeof turn.arguments === 'string'
    ? { type: 'custom_tool_call', id: `ctc_${id}`, ...called, input: turn.arguments }
    : { type: 'function_call', id: `fc_${id}`, ...called, arguments: JSON.stringify(turn.arguments) };
}

/** The whole stream of events. */
export function responsesStream(reply: Reply): string {
  const item = itemOf(reply);
  const { input, output } = reply.usage;
  const response = { id: `resp_${reply.id}`, object: 'response', model: reply.model };
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  return [
    event('response.created', {
      type: 'response.created',
      response: { ...response, status: 'in_progress', output: [] },
    }),
    event('response.output_item.added', { type: 'response.output_item.added', output_index: 0, item }),
    event('response.output_item.done', { type: 'response.output_item.done', output_index: 0, item }),
    event('response.completed', {
      type: 'response.completed',
      response: { ...response, status: 'completed', output: [item], usage },
    }),
  ].join('');
}
