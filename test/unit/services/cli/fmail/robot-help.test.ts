import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commands } from '../../../../../services/cli/fmail/commands.ts';
import { robotHelp } from '../../../../../services/cli/fmail/robot-help.ts';
import { robotSchemas } from '../../../../../services/cli/fmail/robot-schemas.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
const help = robotHelp(commands) as any;
const at = (path: string) => new URL(`../../../../../${path}`, import.meta.url);

/** Every key that stands in the object, by its path. */
function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}/${key}`,
    ...keysOf(inner, `${path}/${key}`),
  ]);
}

describe('the robot help', () => {
  test('holds all that it ever held: keys are only added', () => {
    const pinned = readFileSync(new URL('./robot-help.keys', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    const missing = pinned.filter((key) => !keysOf(help).includes(key));
    expect(missing).toEqual([]);
    expect(pinned.length).toBeGreaterThan(150);
  });

  test('has the keys that prompts know', () => {
    expect(Object.keys(help).slice(0, 9)).toEqual([
      'name',
      'version',
      'description',
      'setup',
      'commands',
      'patterns',
      'env',
      'message_format',
      'storage',
    ]);
    expect(Object.keys(help.patterns)).toEqual(['request_response', 'broadcast', 'coordinate']);
    expect(Object.keys(help.exit_codes)).toEqual(['0', '1', '2']);
  });

  test('tells of each command its usage, flags, examples, description and exit codes', () => {
    const known = [...commands.map(({ name }) => name), 'help'];
    expect(Object.keys(help.commands)).toEqual(known);
    for (const row of Object.values(help.commands)) {
      expect(row).toMatchObject({
        usage: expect.stringMatching(/^fmail /),
        flags: expect.any(Array),
        options: expect.any(Object),
        examples: expect.arrayContaining([expect.stringContaining('fmail ')]),
        description: expect.any(String),
        exit_codes: expect.arrayContaining([0, 1]),
      });
    }
    expect(help.commands.send).toMatchObject({
      usage: 'fmail send <topic|@agent> [message] [flags]',
      json: { shape: 'MailRecord', form: 'object' },
    });
    expect(help.commands.send.options).toMatchObject({
      '-r, --reply-to <id>': 'Reference a previous message ID',
      '-t, --tag <tag>': expect.any(String),
      '--ack-required': expect.any(String),
    });
    for (const { flags, options } of Object.values<{ flags: string[]; options: object }>(help.commands))
      expect(flags).toEqual(Object.keys(options));
    expect(help.commands.log.aliases).toEqual(['logs']);
  });

  test('has texts and lists where the seed has them', () => {
    const { patterns, storage, env, message_format } = help;
    expect(patterns.request_response).toEqual(expect.arrayContaining([expect.stringMatching(/^id=/)]));
    expect([typeof patterns.broadcast, Array.isArray(patterns.coordinate), typeof storage]).toEqual([
      'string',
      true,
      'string',
    ]);
    for (const text of [...Object.values(env), ...Object.values(message_format)])
      expect(text).toEqual(expect.any(String));
    expect(help.commands.log.flags).toContain('-f, --follow');
  });

  test('gives a schema for each JSON that a command prints', () => {
    const shapes = commands.flatMap(({ json }) => (json === undefined ? [] : [json.shape]));
    expect(Object.keys(help.schemas)).toEqual(expect.arrayContaining(shapes));
    expect(help.schemas).toHaveProperty('Error');
  });

  test('describes a message as the contract does', () => {
    const { properties, required } = JSON.parse(
      readFileSync(at('schemas/generated/MailRecord.schema.json'), 'utf8'),
    );
    const own = robotSchemas['MailRecord'] as { required: string[]; properties: Record<string, object> };
    expect(own.required).toEqual(required);
    expect(Object.keys(own.properties)).toEqual(Object.keys(properties));
    for (const [key, schema] of Object.entries(properties))
      expect(own.properties[key]).toMatchObject(schema as object);
  });

  test('is JSON as it stands', () => {
    expect(JSON.parse(JSON.stringify(help))).toEqual(help);
  });
});
