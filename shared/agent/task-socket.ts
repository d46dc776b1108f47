/**
 * The task desk over the agent's socket: each call is one request. Light to load, as the mail desk's.
 */
import type { InputOf, ResultOf, Verb } from '../mail/mail-verbs.ts';
import { openSocketClient, type SocketClient, type SocketPlace } from '../mail/socket-client.ts';
import type { TaskDesk } from './task-desk.ts';
import { type TaskVerbs, taskVerbs } from './task-verbs.ts';

export interface SocketTaskDesk extends TaskDesk {
  close(): void;
}

/** Errors: `socket-closed`, `project-mismatch`. */
export async function connectSocketTasks(place: SocketPlace): Promise<SocketTaskDesk> {
  return socketTasks(await openSocketClient(place));
}

/** A desk on a connection, which it closes. */
export function socketTasks(client: SocketClient): SocketTaskDesk {
  const ask = async <N extends keyof TaskVerbs>(
    cmd: N,
    input: InputOf<TaskVerbs[N]>,
    signal?: AbortSignal,
  ): Promise<ResultOf<TaskVerbs[N]>> => {
    const row = taskVerbs[cmd] as unknown as Verb<TaskDesk, InputOf<TaskVerbs[N]>, ResultOf<TaskVerbs[N]>>;
    const { result } = await client.ask({ cmd, args: row.write(input) }, signal);
    return result as ResultOf<TaskVerbs[N]>;
  };
  return {
    current: (signal) => ask('task.current', undefined, signal),
    progress: (text, signal) => ask('task.progress', text, signal),
    done: (note, signal) => ask('task.done', note, signal),
    block: (reason, signal) => ask('task.block', reason, signal),
    add: (draft, signal) => ask('task.add', draft, signal),
    next: (signal) => ask('task.next', undefined, signal),
    close: () => client.close(),
  };
}
