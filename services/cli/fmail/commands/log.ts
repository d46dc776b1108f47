/**
 * `fmail log`: of all topics, of one, or to one agent.
 */
import { targetChoice } from '../choice.ts';
import type { RunCommand } from '../command-row.ts';
import { listMail } from '../listing.ts';

export const run: RunCommand = (call) => listMail(call, targetChoice(call.args[0]));
