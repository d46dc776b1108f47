/**
 * What a command's file exports: its parser, whose action may set the exit code through `exit` (0 unless told).
 */
import type { Command } from 'commander';
import type { Session } from './session.ts';

export interface CommandModule {
  build(session: Session, exit: (code: number) => void): Command;
}
