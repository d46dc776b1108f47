/**
 * The text of `generated/tools.ts`: the tools in the form of the protocol, and a validator of each one's arguments.
 * A file of its own, because only the MCP server and the help need it. Pure.
 */
import type { Ajv } from 'ajv';
import type { TSchema } from 'typebox';
import { type ToolDeclaration, tools } from './tools.ts';

/** `compile` gives the code of the exports that `names` lists: name of the export → id of its schema. */
export function toolTable(
  ajv: Ajv,
  compile: (ajv: Ajv, names: Readonly<Record<string, string>>) => string,
): string {
  const declared: [string, ToolDeclaration][] = Object.entries(tools);
  const listed = declared.map(([name, { title, description, needs, hints, input, output }]) => ({
    name,
    needs,
    title,
    description,
    inputSchema: plain(input),
    ...(output === undefined ? {} : { outputSchema: plain(output) }),
    annotations: hints,
  }));
  for (const { name, inputSchema } of listed) ajv.addSchema({ $id: name, ...inputSchema });
  const code = compile(ajv, Object.fromEntries(declared.map(([name]) => [name, name])));
  return `${code}\nexport const tools = ${JSON.stringify(listed, null, 1)};\n`;
}

/** Without what the schema library keeps beside it. */
const plain = (schema: TSchema): object => JSON.parse(JSON.stringify(schema)) as object;
