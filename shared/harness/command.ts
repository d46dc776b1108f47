/**
 * The `command` harness: any program that takes a prompt and works in a worktree. What it prints is only text.
 */
import type { Adapter } from './adapter.ts';
import { fillArguments } from './argument-template.ts';

export const command: Adapter = {
  name: 'command',
  capabilities: {
    oneShot: true,
    resumable: false,
    steer: 'none',
    events: false,
    usage: 'none',
    approvals: false,
    mcp: false,
    continuous: true,
    prompts: ['file', 'stdin', 'argument'],
  },
  env: [],
  fresh(profile, place) {
    const way = profile.prompt ?? 'file';
    const argv = fillArguments(profile.command, way, place);
    return { argv, env: {}, ...(way === 'stdin' ? { stdin: { file: place.promptFile } } : {}) };
  },
};
