/**
 * What a model endpoint is to answer, and what it was asked. Knows no protocol: the streams beside it put a reply into
 * the words of one.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** One answer of the model to a request that offers it tools. */
export type Turn =
  | SaidTurn
  /** The beginning of an answer, and then nothing for as long as the asker waits. */
  | { readonly kind: 'stall'; readonly text: string }
  | ErrorTurn;

/** An answer that is whole. */
export type SaidTurn = { readonly kind: 'text'; readonly text: string } | ToolTurn;

export interface ErrorTurn {
  readonly kind: 'error';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface ToolTurn {
  readonly kind: 'tool';
  readonly name: string;
  /** Of a tool that the request offers inside a namespace. */
  readonly namespace?: string;
  /** An object for a tool with a schema, a text for one without. */
  readonly arguments: Readonly<Record<string, unknown>> | string;
}

/** A turn, or one that depends on the conversation so far. */
export type Line = Turn | ((asked: Asked) => Turn);

/** In tokens. */
export interface ReportedUsage {
  readonly input: number;
  readonly output: number;
}

/** A turn on its way out. */
export interface Reply {
  /** Unlike those of all other replies of this endpoint. */
  readonly id: string;
  readonly model: string;
  readonly turn: SaidTurn;
  readonly usage: ReportedUsage;
}

/** One request of a model's answer. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each protocol has a shape of its own, and tests say which they expect
  readonly body: any;
  /** Without tools: a title or a summary that the program wants for itself. It takes no turn of the script. */
  readonly isAside: boolean;
}

/** Every text of a conversation, in order: instructions, prompts, the model's words, what tools gave back. */
export function textsOf({ body }: Pick<Asked, 'body'>): string[] {
  return textsIn([body.system, body.instructions, body.messages, body.input]);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
