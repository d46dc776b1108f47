/**
 * The ways of a tool server to mail and to its task, opened when they are needed and opened anew when they have
 * closed: the server lives as long as its client wants, the worker's socket or the bus may not.
 *
 * 1. One mail desk is open at most. A call that finds it closed is made once more on a fresh one; every call of the
 *    port may be repeated (a draft has its id).
 * 2. What is said about a task is never repeated by itself: each call has a connection of its own.
 */
import type { TaskDesk } from '../../../shared/agent/task-desk.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import type { MailDesk } from '../../../shared/mail/desk.ts';

export interface DeskOpeners {
  mail(): Promise<MailDesk>;
  /** Absent where there is no run. */
  readonly tasks?: () => Promise<TaskDesk & { close(): void | Promise<void> }>;
}

export class Desks {
  readonly #openers: DeskOpeners;
  #mail: Promise<MailDesk> | undefined;

  constructor(openers: DeskOpeners) {
    this.#openers = openers;
  }

  /** Whether there is a task to speak about. */
  get hasRun(): boolean {
    return this.#openers.tasks !== undefined;
  }

  /** The open mail desk, for what lasts: a watch. */
  async mail(): Promise<MailDesk> {
    this.#mail ??= this.#openers.mail();
    const opening = this.#mail;
    try {
      return await opening;
    } catch (error) {
      if (this.#mail === opening) this.#mail = undefined;
      throw error;
    }
  }

  async withMail<T>(use: (desk: MailDesk) => Promise<T>): Promise<T> {
    const isFresh = this.#mail === undefined;
    const desk = await this.mail();
    try {
      return await use(desk);
    } catch (error) {
      if (!isClosed(error)) throw error;
      await this.#forget(desk);
      if (isFresh) throw error;
      return use(await this.mail());
    }
  }

  /** Errors: `refused` where there is no run. */
  async withTasks<T>(use: (desk: TaskDesk) => Promise<T>): Promise<T> {
    const { tasks } = this.#openers;
    if (tasks === undefined) {
      const message =
        'there is no run here: task tools work where a worker has started the harness (WAGGLE_SOCKET is set)';
      throw new WaggleError('refused', { message });
    }
    const desk = await tasks();
    try {
      return await use(desk);
    } finally {
      await desk.close();
    }
  }

  async close(): Promise<void> {
    const opening = this.#mail;
    this.#mail = undefined;
    const desk = await opening?.catch(() => undefined);
    await desk?.close();
  }

  async #forget(desk: MailDesk): Promise<void> {
    const opening = this.#mail;
    if (opening === undefined || (await opening.catch(() => undefined)) !== desk) return;
    if (this.#mail === opening) this.#mail = undefined;
    await desk.close();
  }
}

const isClosed = (error: unknown): boolean =>
  isWaggleError(error, 'socket-closed') || isWaggleError(error, 'bus-closed');
