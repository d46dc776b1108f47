/**
 * A desk as a command holds it for one invocation.
 */
import type { MailDesk } from '../../../shared/mail/desk.ts';

export interface OpenDesk extends MailDesk {
  /** What a failure comes from, where more can be said of it than it says. */
  explain?(error: unknown): Promise<unknown>;
}
