/**
 * `fmail messages`: of all topics and to all agents.
 */
import type { RunCommand } from '../command-row.ts';
import { listMail } from '../listing.ts';

export const run: RunCommand = (call) => listMail(call, { everything: true });
