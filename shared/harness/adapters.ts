/**
 * All harnesses that Waggle knows how to drive, by name.
 */
import type { HarnessName } from '../../schemas/index.ts';
import type { Adapter } from './adapter.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { command } from './command.ts';
import { droid } from './droid.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';

export const adapters: Readonly<Record<HarnessName, Adapter>> = {
  claude,
  codex,
  opencode,
  pi,
  droid,
  gemini,
  command,
};

/** The adapter of that name. */
export const adapterOf = (name: HarnessName): Adapter => adapters[name];
