/**
 * Subjects of a project (DESIGN 3). The publisher's name is always a token, so that the server's permissions
 * make the sender true; `senderOf` and `mailRoute` read it back from what was delivered or stored.
 */
import { NAME_PATTERN } from '../../schemas/limits.ts';

const name = new RegExp(NAME_PATTERN);

export type MailTarget = { readonly kind: 'topic' | 'agent'; readonly name: string };
/** Where a mail is stored: a receipt's target is named by the sequence of the mail it is about. */
export type MailRoute = { readonly kind: 'topic' | 'agent' | 'receipt'; readonly name: string };
export type Service = 'claim' | 'command' | 'query' | 'read' | 'control';

export interface Subjects {
  readonly journal: string;
  readonly leader: string;
  mail(from: string, to: MailRoute): string;
  /** All mail to a target; without one, all mail and receipts. */
  mailTo(to?: MailRoute, from?: string): string;
  /** All mail of one kind of target. */
  mailFamily(family: MailRoute['kind'], from?: string): string;
  /** Where stored mail is published again. */
  live(mailSubject: string): string;
  beat(agent: string): string;
  presence(agent: string): string;
  output(agent: string, run: string): string;
  file(owner: string, sha256: string, chunk: number): string;
  request(service: Service, agent: string): string;
  /** Where an agent's answers go: nobody else needs to read under it. */
  inbox(agent: string, instance: string): string;
  readonly prefix: string;
}

/** Throws on a project that is no name: it would change the meaning of every subject. */
export function subjectsOf(project: string): Subjects {
  if (!name.test(project))
    throw new Error(`project must match ${NAME_PATTERN}, got ${JSON.stringify(project)}`);
  const prefix = `wg.${project}`;
  return {
    prefix,
    journal: `${prefix}.journal`,
    leader: `${prefix}.leader`,
    mail: (from, to) => `${prefix}.mail.${from}.${to.kind}.${to.name}`,
    mailTo: (to, from = '*') =>
      to === undefined ? `${prefix}.mail.${from}.*.*` : `${prefix}.mail.${from}.${to.kind}.${to.name}`,
    live: (mailSubject) => mailSubject.replace(`${prefix}.mail.`, `${prefix}.live.mail.`),
    mailFamily: (family, from = '*') => `${prefix}.mail.${from}.${family}.*`,
    presence: (agent) => `${prefix}.presence.${agent}`,
    beat: (agent) => `${prefix}.beat.${agent}`,
    output: (agent, run) => `${prefix}.output.${agent}.${run}`,
    file: (owner, sha256, chunk) => `${prefix}.files.${owner}.${sha256}.${chunk}`,
    inbox: (agent, instance) => `_INBOX.${project}.${agent}.${instance}`,
    request: (service, agent) => `${prefix}.${service}.${agent}`,
  };
}

/** The agent that a request, beat, output or file subject names: its fourth token. */
export function senderOf(subject: string): string | undefined {
  const token = subject.split('.')[3];
  return token !== undefined && name.test(token) ? token : undefined;
}

/** Sender and target of a mail subject, stored or live; undefined when it is none. */
export function mailRoute(subject: string): { from: string; to: MailRoute } | undefined {
  const tokens = subject.split('.');
  if (tokens[2] === 'live') tokens.splice(2, 1);
  const [, , family, from, kind, target, ...rest] = tokens;
  if (family !== 'mail' || rest.length > 0 || from === undefined || target === undefined) return undefined;
  if (kind !== 'topic' && kind !== 'agent' && kind !== 'receipt') return undefined;
  return name.test(from) && name.test(target) ? { from, to: { kind, name: target } } : undefined;
}
