/**
 * Direct mail to an agent as somebody hears it who is not the agent: no receipt, and no sign of life of it.
 */
import { watchMail } from '../bus/mail-watch.ts';
import type { Bus } from '../bus/port.ts';
import { createReader } from '../bus/read-client.ts';
import type { Clock } from '../clock.ts';
import type { MailDesk } from './desk.ts';
import { recordOf } from './record.ts';

export interface OverheardOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
}

/** `log` says where MAIL ends, and `watch` what comes for the agent, whatever they are asked; long bodies are left out. */
export function overheard({
  swarm,
  project,
  agent,
  clock,
}: OverheardOptions): Pick<MailDesk, 'agent' | 'log' | 'watch'> {
  const reader = createReader(swarm, project, agent);
  const target = { kind: 'agent', name: agent } as const;
  return {
    agent,
    async log(_, signal) {
      const { last } = await reader.mail({ last: 0 }, signal);
      return { records: [], last };
    },
    async *watch({ after = 0 }, signal) {
      const watched = watchMail(swarm, project, reader, { target, after }, clock, signal);
      for await (const { mail, lag } of watched) yield { record: recordOf(mail, mail.mail.body ?? ''), lag };
    },
  };
}
