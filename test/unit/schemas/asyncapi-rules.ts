/**
 * What AsyncAPI 3.0 demands of a document that has no more than ours: the fields that must be there, and those that
 * may. A subset of the specification, as a JSON Schema of its own.
 */
type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string', minLength: 1 };
const object = (required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  required,
  properties,
  patternProperties: { '^x-[\\w.-]+$': {} },
  additionalProperties: false,
});
const list = (items: Schema): Schema => ({ type: 'array', items, minItems: 1, uniqueItems: true });
const map = (value: Schema): Schema => ({
  type: 'object',
  patternProperties: { '^[\\w.-]+$': value },
  additionalProperties: false,
});
/** A reference into one part of the document. */
const to = (place: string): Schema => ({
  type: 'object',
  required: ['$ref'],
  properties: { $ref: { type: 'string', pattern: `^#/${place}$` } },
  additionalProperties: false,
});

const tags = list(object(['name'], { name: text, description: text }));
const mediaType = { type: 'string', pattern: '^[a-z]+/[\\w.+-]+$' };

/** Of a schema: what AsyncAPI's own dialect of draft 7 does not take. */
const payload: Schema = {
  type: 'object',
  properties: { discriminator: { type: 'string' }, $schema: false, $id: false },
};

export const rules: Schema = object(['asyncapi', 'info'], {
  asyncapi: { const: '3.0.0' },
  info: object(['title', 'version'], {
    title: text,
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' },
    description: text,
    license: object(['name'], { name: text, url: text }),
    tags,
  }),
  defaultContentType: mediaType,
  servers: map(
    object(['host', 'protocol'], {
      host: { type: 'string', pattern: '^[^/:]+(:\\d+)?$' },
      protocol: { const: 'nats' },
      title: text,
      description: text,
      variables: map(object([], { default: text, description: text })),
      security: list(to('components/securitySchemes/[\\w.-]+')),
    }),
  ),
  channels: map(
    object(['address', 'messages'], {
      address: text,
      title: text,
      description: text,
      servers: list(to('servers/[\\w.-]+')),
      parameters: map(to('components/parameters/[\\w.-]+')),
      messages: map(to('components/messages/[\\w.-]+')),
    }),
  ),
  operations: map(
    object(['action', 'channel'], {
      action: { enum: ['send', 'receive'] },
      channel: to('channels/[\\w.-]+'),
      summary: text,
      tags,
      messages: list(to('channels/[\\w.-]+/messages/[\\w.-]+')),
      bindings: object([], {
        nats: object([], { queue: { type: 'string', maxLength: 255 }, bindingVersion: { const: '0.1.0' } }),
      }),
      reply: object([], {
        channel: to('channels/[\\w.-]+'),
        messages: list(to('channels/[\\w.-]+/messages/[\\w.-]+')),
      }),
    }),
  ),
  components: object([], {
    messages: map(
      object([], {
        name: text,
        title: text,
        summary: text,
        contentType: mediaType,
        headers: object(['type'], { type: { const: 'object' }, properties: map(payload) }),
        payload: to('components/schemas/[\\w.-]+'),
      }),
    ),
    parameters: map(object([], { description: text, examples: list(text) })),
    securitySchemes: map(object(['type'], { type: { const: 'userPassword' }, description: text })),
    schemas: map(payload),
  }),
});
