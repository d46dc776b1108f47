/**
 * Structured logs: JSON lines on standard error, so that standard output stays a command's answer.
 * `silentLog` is for tests and one-shot commands.
 */
import { pino } from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** A log of one service; `level` as pino names them. Errors belong under the key `err`. */
export function createLog(service: string, level = 'info'): Log {
  return pino({ level, base: { service } }, pino.destination({ dest: 2, sync: true })) as Log;
}

export const silentLog: Log = pino({ level: 'silent' }) as Log;
