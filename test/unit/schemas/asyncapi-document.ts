/**
 * The generated AsyncAPI document as the tests read it: its places, what a subject means in it, and validators out of
 * the schemas that it embeds.
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

export interface Ref {
  readonly $ref: string;
}
export interface ChannelObject {
  readonly address: string;
  readonly servers: readonly Ref[];
  readonly parameters: Readonly<Record<string, Ref>>;
  readonly messages: Readonly<Record<string, Ref>>;
  readonly 'x-stream'?: Readonly<Record<string, unknown>> & { readonly name: string };
}
export interface OperationObject {
  readonly action: 'send' | 'receive';
  readonly channel: Ref;
  readonly messages: readonly Ref[];
  readonly tags: readonly { readonly name: string }[];
  readonly bindings?: { readonly nats: { readonly queue: string } };
  readonly reply?: { readonly channel: Ref; readonly messages: readonly Ref[] };
}
export interface MessageObject {
  readonly contentType: string;
  readonly headers: { readonly properties: Readonly<Record<string, object>> };
  readonly payload?: Ref;
}
export interface Document {
  readonly info: { readonly version: string; readonly tags: readonly { readonly name: string }[] };
  readonly servers: Readonly<Record<string, object>>;
  readonly channels: Readonly<Record<string, ChannelObject>>;
  readonly operations: Readonly<Record<string, OperationObject>>;
  readonly components: {
    readonly messages: Readonly<Record<string, MessageObject>>;
    readonly parameters: Readonly<Record<string, { readonly examples: readonly [string] }>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

const file = new URL('../../../schemas/generated/asyncapi.yaml', import.meta.url);
const source = readFileSync(file, 'utf8');

/** The document, fresh: a test may change its copy. */
export const readDocument = () => parse(source) as Document;
export const document = readDocument();

/** What a reference points to; undefined when it points nowhere. */
export function resolve({ $ref }: Ref): unknown {
  if (!$ref.startsWith('#/')) return undefined;
  const steps = $ref.slice(2).split('/');
  return steps.reduce<unknown>(
    (place, step) => (place as Readonly<Record<string, unknown>> | undefined)?.[step],
    document,
  );
}

/** Every reference in a part of the document. */
export function refsIn(part: unknown): Ref[] {
  if (part === null || typeof part !== 'object') return [];
  if ('$ref' in part && typeof part.$ref === 'string') return [{ $ref: part.$ref }];
  return Object.values(part).flatMap(refsIn);
}

/** The last step of a reference. */
export const nameOf = ({ $ref }: Ref): string => $ref.slice($ref.lastIndexOf('/') + 1);

/** The places of an address, in order. */
export const placesOf = (address: string): string[] =>
  [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);

/** An address with its project filled in, and anything in its other places. */
export const patternOf = (address: string, project: string): string =>
  address.replace('{project}', project).replaceAll(/\{\w+\}/g, '*');

/** The keys of the channels that a subject belongs to. */
export const channelsOf = (subject: string): string[] =>
  Object.entries(document.channels)
    .filter(([, { address }]) =>
      new RegExp(`^${address.replaceAll(/[.$]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^.]+')}$`).test(subject),
    )
    .map(([key]) => key);

const ajv = new Ajv({ strict: false, logger: false });
ajv.addSchema({ $id: 'document', ...document });

/** Faults of a value by a place of the document that holds a schema; none when it is valid. */
export function faults({ $ref }: Ref, value: unknown): string[] {
  const validator = ajv.getSchema(`document${$ref}`);
  if (validator === undefined) throw new Error(`${$ref} is no schema`);
  if (validator(value) === true) return [];
  return (validator.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
