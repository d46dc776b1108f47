/**
 * A line as a request: its checks, in the seed's order and with its words (REQUIREMENTS 1.5). What passes is for this
 * project, and names a command; whether its agent is somebody is for the seats to say. Pure.
 */
import { check, type SocketRequest } from '../../schemas/index.ts';
import { refusal } from './refusal.ts';

export interface RequestRules {
  readonly project: string;
  /** TCP serves whoever comes: there the project must be named. */
  readonly needsProject: boolean;
}

/** `reqId` is given back with whatever becomes of the request. */
export type RequestReading =
  | { readonly ok: true; readonly request: SocketRequest }
  | { readonly ok: false; readonly reqId?: string; readonly error: unknown };

export function readRequest(text: string, rules: RequestRules): RequestReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: refusal('invalid_request', 'invalid json') };
  }
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const reqId = fields['req_id'];
  const named = typeof reqId === 'string' ? { reqId } : {};
  if (typeof fields['cmd'] !== 'string' || fields['cmd'].trim() === '') {
    return { ok: false, ...named, error: refusal('invalid_request', 'missing cmd') };
  }
  const checked = check('SocketRequest', fields);
  if (!checked.ok) {
    return { ok: false, ...named, error: refusal('invalid_request', `invalid request: ${checked.fault}`) };
  }
  const request = { ...checked.value, cmd: checked.value.cmd.trim() };
  const project = request.project_id?.trim().toLowerCase() ?? '';
  if (project === '' && rules.needsProject) {
    return { ok: false, ...named, error: refusal('invalid_request', 'missing project_id') };
  }
  if (project !== '' && project !== rules.project) {
    const error = refusal('invalid_project', mismatch(project, rules.project), 'project-mismatch');
    return { ok: false, ...named, error };
  }
  return { ok: true, request };
}

function mismatch(asked: string, served: string): string {
  const shown = JSON.stringify(asked.slice(0, 80));
  return `project ${shown} was asked for, but this socket serves ${JSON.stringify(served)}; \`fmail init --project ${served}\` or \`export FMAIL_PROJECT=${served}\` mends it`;
}
