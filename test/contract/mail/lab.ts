/**
 * What the contract needs from whoever runs it: a project with an orchestrator, and desks of agents in it.
 */
import type { BoardConfig, MailRecord } from '../../../schemas/index.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { MailDesk, MailDraft, Watched } from '../../../shared/mail/desk.ts';
import { type DraftInput, draftOf } from '../../../shared/mail/draft.ts';
import { sequenceOf } from '../../../shared/mail/record.ts';
import { randomId } from '../../../shared/random.ts';
import { project, startHive, type TestHive } from '../../support/orchestrator.ts';

interface DeskOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: one for each agent. */
  readonly identity?: string;
}

export interface MailLab {
  readonly project: string;
  /** A new desk of that agent, on a connection of its own. The lab closes it in the end. */
  desk(agent: string, options?: DeskOptions): Promise<MailDesk>;
  configure(config: Partial<BoardConfig>): Promise<void>;
  stop(): Promise<void>;
}

export type MakeMailLab = () => Promise<MailLab>;

/** Makes desks in a hive: an implementation says how, and what to close besides the desk. */
export type OpenDesk = (
  hive: TestHive,
  agent: string,
  options: DeskOptions,
) => Promise<{ readonly desk: MailDesk; close?(): Promise<void> }>;

/** A lab on a hive of its own. */
export async function hiveLab(open: OpenDesk): Promise<MailLab> {
  const hive = await startHive();
  const opened: Awaited<ReturnType<OpenDesk>>[] = [];
  return {
    project,
    async desk(agent, options = {}) {
      const one = await open(hive, agent, options);
      opened.push(one);
      return one.desk;
    },
    configure: (config) => hive.configure(config),
    async stop() {
      for (const { desk, close } of opened) {
        await desk.close();
        await close?.();
      }
      await hive.stop();
    },
  };
}

/** A checked draft with an id of its own. */
export const draft = (to: string, body: unknown, more: Partial<DraftInput> = {}): MailDraft =>
  draftOf({ to, body, ...more }, randomId());

export const seqOf = sequenceOf;

let fresh = 0;

/** A name that no other case uses. */
export function freshName(what: string): string {
  fresh += 1;
  return `${what}-${fresh}`;
}

/** Follows a watch in the background. */
export function listen(desk: MailDesk, query: Parameters<MailDesk['watch']>[0]) {
  const heard: Watched[] = [];
  const end = new AbortController();
  const done = (async () => {
    for await (const watched of desk.watch(query, end.signal)) heard.push(watched);
  })();
  done.catch(() => undefined);
  return {
    heard,
    bodies: (): unknown[] => heard.map(({ record }) => record.body),
    /** Ends the watch; throws what it ended with. */
    async stop(): Promise<void> {
      end.abort();
      await done;
    },
  };
}

export const bodiesOf = (records: readonly MailRecord[]): unknown[] => records.map(({ body }) => body);
