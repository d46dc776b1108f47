/**
 * `waggle profile cooldown|stop|resume`: a profile rests until a time, or until somebody says that it may go on. The
 * board gives it no work meanwhile; runs under way go on.
 */
import { Command } from 'commander';
import type { CommandOf } from '../../../../schemas/index.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import { agentName } from '../../arguments.ts';
import { tooOld } from '../../board-usage.ts';
import { outputOf, type Session, withProject } from '../../session.ts';
import { iso } from '../../tracker-record.ts';
import { untilTime } from '../../until-time.ts';

interface Flags {
  readonly until?: string;
  readonly reason?: string;
  readonly json?: true;
}

const verb = (name: string, description: string, examples: string): Command =>
  new Command(name)
    .description(description)
    .argument('<name>', 'its name', agentName)
    .option('--reason <text>', 'why')
    .option('--json', 'answer in JSON')
    .addHelpText('after', `\nRuns under way go on.\n\nExamples:\n${examples}`);

/** `waggle profile cooldown NAME --until T`. */
export const cooldownCommand = (session: Session): Command =>
  verb(
    'cooldown',
    'give a profile no work until a time',
    '  waggle profile cooldown big --until 30m\n  waggle profile cooldown big --until 2026-03-01T09:00:00Z --reason "weekly limit"',
  )
    .requiredOption('--until <time>', 'how long from now (30m), or when (RFC 3339)')
    .action((profile: string, flags: Flags) => {
      const until = untilTime(flags.until ?? '', systemClock.now());
      return send(session, flags, { profile, action: 'cool', until }, `rests until ${iso(until)}`);
    });

/** `waggle profile stop NAME`. */
export const stopCommand = (session: Session): Command =>
  verb(
    'stop',
    'give a profile no work until `waggle profile resume`',
    '  waggle profile stop big --reason "no credit"',
  ).action((profile: string, flags: Flags) =>
    send(
      session,
      flags,
      { profile, action: 'stop' },
      `gets no more work; \`waggle profile resume ${profile}\` ends that`,
    ),
  );

/** `waggle profile resume NAME`. */
export const resumeCommand = (session: Session): Command =>
  verb('resume', 'end a rest, however it began', '  waggle profile resume big').action(
    (profile: string, flags: Flags) =>
      send(session, flags, { profile, action: 'resume' }, 'may be given work again'),
  );

type Wish = Pick<CommandOf<'profile'>, 'profile' | 'action' | 'until'>;

/** `told`: what the profile does from then on. */
async function send(session: Session, flags: Flags, wish: Wish, told: string): Promise<void> {
  const output = outputOf(session, { json: flags.json === true });
  const reason = flags.reason === undefined ? {} : { reason: flags.reason };
  await withProject(session, async ({ client }) => {
    const answer = await client.command(
      { v: 1, kind: 'profile', id: randomId(), ...wish, ...reason },
      session.signal,
    );
    if (answer.status === 'ok') return;
    if (answer.code === 'invalid') throw tooOld();
    throw new WaggleError('refused', { message: answer.message ?? 'refused', reason: answer.code });
  });
  const { until, ...rest } = wish;
  const record = { ...rest, ...(until === undefined ? {} : { until: iso(until) }), ...reason };
  output.answer(record, () => `profile ${wish.profile} ${told}`);
}
