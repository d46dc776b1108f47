/**
 * A log that keeps what it is told, for tests that look at it.
 */
import type { Log } from '../../shared/log.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface KeptLog extends Log {
  readonly lines: LogLine[];
}

export function keptLog(lines: LogLine[] = [], context: object = {}): KeptLog {
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...context, ...fields }, message });
  };
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => keptLog(lines, { ...context, ...fields }),
  };
}
