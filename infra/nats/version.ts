/**
 * Versions of nats-server: what Waggle asks of one, and which features hang on which.
 */

export interface NatsVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The oldest server that keeps the promises of DESIGN 2.5. */
export const OLDEST_NATS: NatsVersion = { major: 2, minor: 9, patch: 10 };

/** Reads `nats-server: v2.10.27` or `2.10.27`; undefined when there is no version in it. */
export function parseNatsVersion(text: string): NatsVersion | undefined {
  const match = /(\d{1,9})\.(\d{1,9})\.(\d{1,9})/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** `2.10.27`. */
export function formatNatsVersion(version: NatsVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** Whether `version` is `least` or newer. */
export function isAtLeast(version: NatsVersion, least: NatsVersion): boolean {
  if (version.major !== least.major) return version.major > least.major;
  if (version.minor !== least.minor) return version.minor > least.minor;
  return version.patch >= least.patch;
}

/** Whether the server can be told to fsync before each PubAck (`sync_interval: always`). */
export function knowsSyncAlways(version: NatsVersion): boolean {
  return isAtLeast(version, { major: 2, minor: 10, patch: 0 });
}
