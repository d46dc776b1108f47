/**
 * Limits and patterns of the wire, as plain data: no library, so that anything may import them.
 * Sizes are in bytes unless a name says otherwise. Sources: DESIGN 1 and 2.1; the mail limits are the
 * seed's (REQUIREMENTS 1.2).
 */

/** Wire version every message carries as `v`. */
export const WIRE_VERSION = 1;

/** Names of projects, agents, lanes, profiles and topics. */
export const NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
/** Task ids: a name that may also hold dots and underscores. */
export const TASK_ID_PATTERN = '^[a-z0-9][a-z0-9._-]{0,62}$';
/** Gate names (`VG-PARSE`). */
export const GATE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
/** A git object name, SHA-1 or SHA-256. */
export const COMMIT_PATTERN = '^([0-9a-f]{40}|[0-9a-f]{64})$';

/** Ids of commands, reports, mails, batches, runs and incarnations. */
export const ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$';
/** A hex SHA-256. */
export const SHA256_PATTERN = '^[0-9a-f]{64}$';

/** The agent name that belongs to the leading orchestrator. */
export const RESERVED_AGENT = 'orchestrator';

/** Longest text carried inline in a message; anything longer travels through FILES. */
export const INLINE_TEXT_LIMIT = 64 * 1024;
/** Longest title, reason or other one-line text, in characters. */
export const LINE_LIMIT = 1_000;
/** Largest chunk of a file in FILES. */
export const CHUNK_BYTES = 512 * 1024;
/** Most profiles that a claim may offer, and that a pool has. */
export const OFFERS_LIMIT = 100;
/** Most entries in a list field of a task (labels, deps, paths, gates). */
export const LIST_LIMIT = 1_000;
