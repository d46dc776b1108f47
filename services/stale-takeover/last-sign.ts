/**
 * The last sign of life of a grant's owner, as a sentence for whoever wonders why a task was taken. Pure.
 */
import { LINE_LIMIT } from '../../schemas/limits.ts';
import type { LastSign } from './track.ts';

/** One line; `sign` absent: no beat that listed the grant was seen. */
export function lastSignText(sign: LastSign | undefined): string {
  if (sign === undefined) return 'no beat listed it';
  const { storedAt, phase, outputBytes, outputAgeMs, host } = sign;
  const when = new Date(storedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  const age = outputAgeMs === undefined ? '' : `, the last ${seconds(outputAgeMs)} before`;
  const output = outputBytes === 0 ? 'no output' : `${outputBytes} bytes of output${age}`;
  return oneLine(`beat at ${when} from ${host}: ${phase}, ${output}`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/** What agents write into their beats reaches people's terminals and mails. */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LINE_LIMIT);
