/**
 * From where a mail command looks for its bus. A script that has FMAIL_ROOT, or stands in a linked working tree, means the
 * project there: its bus file is where `waggle up` was given, which is neither above the script nor in its tree.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findMailRoot } from '../../../shared/config/mail-root.ts';
import { WaggleError } from '../../../shared/errors.ts';
import type { Session } from '../session.ts';

export type MailPlace = Pick<Session, 'folder' | 'variables'>;

/**
 * FMAIL_ROOT where a bus is known from there upward, else the folder itself, else the main working tree of its
 * repository. What WAGGLE_NATS_URL names is looked for nowhere. Errors: `bus-unknown`, naming each folder, when FMAIL_ROOT
 * is set in vain; otherwise the folder is given as it is, and whoever opens it tells.
 */
export async function mailPlace({ folder, variables }: MailPlace): Promise<MailPlace> {
  if (isSet(variables['WAGGLE_NATS_URL'])) return { folder, variables };
  const given = variables['FMAIL_ROOT']?.trim() ?? '';
  const root = given === '' ? undefined : resolve(folder, given);
  // Absolute from here on: it was meant from the folder of the command.
  if (root !== undefined && isBusAbove(root))
    return { folder: root, variables: { ...variables, FMAIL_ROOT: root } };
  if (isBusAbove(folder)) return { folder, variables };
  const main = (await findMailRoot(folder)).folder;
  if (isBusAbove(main)) return { folder: main, variables };
  if (root === undefined) return { folder, variables };
  throw new WaggleError('bus-unknown', { folder: `${root} (FMAIL_ROOT), then from ${resolve(folder)}` });
}

function isBusAbove(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.waggle', 'bus.json'))) return true;
    if (at === dirname(at)) return false;
  }
}

const isSet = (text: string | undefined): boolean => (text?.trim() ?? '') !== '';
