/**
 * What is kept of a prompt: where each part came from, and the hash of its text. The text itself stays in the run's own
 * folder.
 */
import { createHash } from 'node:crypto';
import type { PromptPart } from '../../schemas/index.ts';
import { LINE_LIMIT } from '../../schemas/limits.ts';
import { type PromptPiece, promptText } from './prompt.ts';

export interface PromptRecord {
  readonly prompts: PromptPart[];
  readonly prompt_sha256: string;
}

/** As many parts as a run's note may name; a prompt with more says so in the last. */
const PARTS_MOST = 64;

export function recordPrompt(pieces: readonly PromptPiece[]): PromptRecord {
  const isCut = pieces.length > PARTS_MOST;
  const named = isCut ? pieces.slice(0, PARTS_MOST - 1) : pieces;
  const rest = isCut
    ? [part('rest', `${pieces.length - named.length} more parts`, promptText(pieces.slice(named.length)))]
    : [];
  return {
    prompts: [...named.map((piece) => part(piece.part, piece.source, piece.text)), ...rest],
    prompt_sha256: sha256(promptText(pieces)),
  };
}

const part = (name: string, source: string, text: string): PromptPart => ({
  part: name,
  source: source.slice(0, LINE_LIMIT),
  sha256: sha256(text),
  bytes: Buffer.byteLength(text),
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
