/**
 * The JSON that `fmail` prints, as JSON Schemas for the robot help. Written out, because what generates schemas is not
 * installed with the program; a test holds the record of a message against the generated one. Keys are only ever added.
 */

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };
const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });

const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});

const record = {
  id: text,
  from: text,
  to: text,
  time,
  body: {},
  reply_to: text,
  priority: oneOf('low', 'normal', 'high'),
  host: text,
  tags: { type: 'array', items: text },
  kind: oneOf('notice', 'report'),
  ack_within_ms: { type: 'integer', minimum: 1 },
};
const recordOptions = ['reply_to', 'priority', 'host', 'tags', 'kind', 'ack_within_ms'];
const MailRecord = object(record, recordOptions);

/** By the names that the rows of the command table give. */
export const robotSchemas: Readonly<Record<string, Schema>> = {
  MailRecord,
  InboxRecord: object({ ...record, state: oneOf('unread', 'read', 'acknowledged') }, recordOptions),
  DeadLetterRecord: object({ ...record, why: oneOf('unknown', 'unseen') }, recordOptions),
  TraceRecord: object(
    {
      record: MailRecord,
      receipts: {
        type: 'array',
        items: object({ by: text, state: oneOf('delivered', 'read', 'acknowledged'), time }),
      },
      letter: object(
        {
          state: oneOf('waiting', 'delivered', 'overdue', 'dead'),
          ack_by: count,
          why: oneOf('unknown', 'unseen'),
        },
        ['ack_by', 'why'],
      ),
      steps: {
        type: 'array',
        items: object(
          {
            state: oneOf('stored', 'delivered', 'read', 'acknowledged', 'waiting', 'overdue', 'dead'),
            time,
            by: text,
            note: text,
          },
          ['time', 'by', 'note'],
        ),
      },
    },
    ['letter'],
  ),
  WhoRecord: object(
    {
      name: text,
      host: text,
      status: text,
      first_seen: time,
      last_seen: time,
      role: text,
      harness: text,
      state: text,
      task: text,
      last_output: time,
    },
    ['host', 'status', 'role', 'harness', 'state', 'task', 'last_output'],
  ),
  TopicRecord: object({ name: text, messages: count, last_activity: time }),
  Error: object({
    error: object({ code: text, message: text, hint: text, details: { type: 'object' } }, [
      'hint',
      'details',
    ]),
  }),
};
