/**
 * Every parser of bytes from outside, as targets of the fuzz driver.
 */
import type { Target } from './target.ts';
import { busTargets } from './targets/bus.ts';
import { commandTargets } from './targets/command-line.ts';
import { diskTargets } from './targets/disk.ts';
import { fileTargets } from './targets/files.ts';
import { gitTargets } from './targets/git.ts';
import { harnessTargets } from './targets/harness.ts';
import { mailTargets } from './targets/mail.ts';
import { socketTargets } from './targets/socket.ts';
import { textTargets } from './targets/text.ts';

export const targets: readonly Target[] = [
  ...busTargets,
  ...socketTargets,
  ...mailTargets,
  ...fileTargets,
  ...commandTargets,
  ...harnessTargets,
  ...textTargets,
  ...gitTargets,
  ...diskTargets,
];
