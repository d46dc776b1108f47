/**
 * `fmail gc`: removes old mail, by the rules of `waggle gc`, and says so only with `--dry-run`. It needs the logins of
 * an operator: agents may not remove anything.
 */
import { createBoardClient } from '../../../../shared/bus/board-client.ts';
import { parseBytes, SIZE_EXPECTED } from '../../../../shared/config/bytes.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { freeMail } from '../../gc/mail.ts';
import { withBuses } from '../../operator-buses.ts';
import type { Flags, RunCommand } from '../command-row.ts';
import { mailPlace } from '../mail-place.ts';

const DAYS = 7;
const DAY_MS = 86_400_000;
const TIMEOUT_MS = 10_000;

export const run: RunCommand = async ({ session, output, flags }) => {
  const days = flags.count('days', DAYS);
  const maxBytes = sizeOf(flags);
  const isDry = flags.has('dry-run');
  const { signal, stdout } = session;
  await withBuses({ ...session, ...(await mailPlace(session)) }, async ({ context, agent, core, swarm }) => {
    const { project, clock } = context;
    const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: TIMEOUT_MS });
    const before = clock.now() - days * DAY_MS;
    const { notes } = await freeMail(
      { core, swarm, project, client, before, isDry, signal },
      {
        ...(maxBytes === undefined ? {} : { maxBytes }),
        ...(isDry ? { onMail: (path: string) => stdout.write(`${path}\n`) } : {}),
      },
    );
    for (const note of notes) output.warn(note);
  });
};

function sizeOf(flags: Flags): number | undefined {
  const text = flags.text('max-size');
  if (text === undefined) return undefined;
  const bytes = parseBytes(text.trim());
  if (bytes !== undefined) return bytes;
  const message = `--max-size: expected ${SIZE_EXPECTED}, got ${JSON.stringify(text)}`;
  throw new WaggleError('usage', { message });
}
