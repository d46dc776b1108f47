/**
 * The hands of a simulated worker: trees on its disk, and a harness that is a model. Mail it has none: letters are answered
 * by people (`correspondents.ts`).
 */
import type { RunOptions } from '../../services/worker/run-context.ts';
import type { RunHands } from '../../services/worker/run-hands.ts';
import { createRunTasks } from '../../services/worker/run-tasks.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import type { Seat } from '../../shared/socket/seats.ts';
import { type HarnessModel, startModel } from './harness.ts';
import type { Env } from './node.ts';
import { openTree } from './work-trees.ts';

/** How many of all runs find no tree to work in. */
const NO_TREE = 0.005;

export function modelHands(
  env: Env,
  model: HarnessModel,
  options: RunOptions,
  onNoTree: () => void,
): RunHands {
  const { clock, disk, random, name: agent } = env;
  const place = { disk, agent, clock, randomId: random.id };
  let seat: Seat | undefined;
  return {
    async open({ held, grant, desk, profile }) {
      const tree = await openTree(place, options.placeState, grant, held.signal);
      if (model.fails > 0 && random.chance(NO_TREE)) {
        await tree.remove(true);
        onNoTree();
        throw new WaggleError('git-failed', {
          command: 'fetch',
          exitCode: 128,
          stderr: 'a model of no tree',
        });
      }
      const tasks = createRunTasks({
        ...options,
        held,
        grant,
        desk,
        worktree: tree.folder,
        noteBlocked: (reason) => tree.noteBlocked(reason),
      });
      const workspace = { tree, records: `runs/${grant.run}` };
      const prompt = {
        file: 'prompt',
        text: grant.title,
        isOverride: false,
        prompts: [],
        prompt_sha256: '0'.repeat(64),
      };
      return { options, held, grant, desk, workspace, tasks, profile, prompt, startedAt: clock.now() };
    },
    start: (run, how) => startModel({ env, model, run, how, tasks: () => seat?.tasks ?? run.tasks }),
    mail: () => ({
      desk: {} as MailDesk,
      unread: async () => undefined,
      notice: () => undefined,
      close: async () => {},
    }),
    async socket(records, given) {
      seat = given;
      return { path: `${records}/agent.sock`, close: async () => {} };
    },
    ask: async () => undefined,
  };
}
