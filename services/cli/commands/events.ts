/**
 * `waggle events`: the journal, as the leader hands it out: a line an event.
 */
import { Command, InvalidArgumentError } from 'commander';
import type { Event } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import { suggestion } from '../../../shared/config/nearest-name.ts';
import { readTime } from '../../../shared/mail/since.ts';
import { count } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { eventLine, eventRecord, type JournalEvent } from '../event-words.ts';
import { followEvents } from '../events/follow.ts';
import { type EventChoice, isChosen, recentEvents } from '../events/recent-events.ts';
import { outputOf, withProject } from '../session.ts';

interface Flags {
  readonly follow?: true;
  readonly task?: string;
  readonly type?: readonly Event['type'][];
  readonly since?: string;
  readonly limit: number;
  readonly json?: true;
}

/** `waggle events`. */
export const build: CommandModule['build'] = (session) =>
  new Command('events')
    .description('print what the journal says, newest last')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--task <id>', 'only of this task: its id, or a beginning of it that no other has')
    .option(
      '--type <types>',
      'only of these types: granted,grant_ended (repeat it, or use commas)',
      eventTypes,
    )
    .option('--since <time>', 'only from then on: 1h30m, 3d, 2026-03-01, 2026-03-01T09:00:00Z, now')
    .option('-n, --limit <count>', 'at most so many; 0 for all', count, 20)
    .option('--json', 'one line of JSON for each event')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle events -f\n  waggle events --task parser-7 -n 0\n  waggle events --type taken_over --since 1d --json',
    )
    .action(async (flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const { signal } = session;
      const since = flags.since === undefined ? {} : { since: readTime(flags.since, systemClock.now()) };
      await withProject(session, async (link) => {
        const { client } = link;
        const choice: EventChoice = {
          ...since,
          ...(flags.type === undefined ? {} : { types: flags.type }),
          ...(flags.task === undefined
            ? {}
            : { task: (await client.query({ v: 1, kind: 'task', id: flags.task }, signal)).view.task.id }),
        };
        const print = (one: JournalEvent) =>
          output.item(eventRecord(one), () => eventLine(one, output.paint));
        const { events, last } = await recentEvents(client, choice, flags.limit, signal);
        for (const one of events) print(one);
        if (flags.follow !== true) {
          if (events.length === 0) output.say('no such event');
          return;
        }
        await followEvents(link, last, signal, (one) => {
          if (isChosen(one, choice)) print(one);
        });
      });
    });

/** Every type, so that a misspelled one is told; the compiler keeps it complete. */
const known: Readonly<Record<Event['type'], true>> = {
  genesis: true,
  led: true,
  configured: true,
  answered: true,
  task_added: true,
  task_edited: true,
  granted: true,
  agent_seen: true,
  grant_ended: true,
  commit_landed: true,
  task_moved: true,
  verb_deferred: true,
  progressed: true,
  lane_tip: true,
  lane_moved: true,
  commit_idle: true,
  format: true,
  checkpointed: true,
  stale_seen: true,
  taken_over: true,
  attached: true,
  continued: true,
  registered: true,
  status_set: true,
  letter_posted: true,
  letter_settled: true,
  letter_delivered: true,
  letter_overdue: true,
  letter_dead: true,
  letter_redelivered: true,
  profile_cooled: true,
  profile_stopped: true,
  profile_resumed: true,
  profile_quota: true,
  run_used: true,
  run_recorded: true,
  budget_reached: true,
};

function isType(word: string): word is Event['type'] {
  return Object.hasOwn(known, word);
}

function eventTypes(text: string, before: readonly Event['type'][] = []): readonly Event['type'][] {
  const words = text.split(',').map((word) => word.trim().toLowerCase().replaceAll('-', '_'));
  const types = words
    .filter((word) => word !== '')
    .map((word) => {
      if (isType(word)) return word;
      throw new InvalidArgumentError(
        `no type is called \`${word}\`; ${suggestion(word, Object.keys(known))}.`,
      );
    });
  return [...before, ...types];
}
