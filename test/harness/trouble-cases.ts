/**
 * What becomes of a task when a harness's model does not answer as it should: limits, refused logins, silence.
 */
import { expect, test } from 'vitest';
import { randomId } from '../../shared/random.ts';
import { journalOf, until } from '../support/asking.ts';
import { startModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import { oneScript, refusing } from '../support/model-endpoint/playbook.ts';
import type { ErrorTurn } from '../support/model-endpoint/script.ts';
import type { Installed } from './harness.ts';
import { canFindProcesses, processesOf } from './processes.ts';
import { expectWhole, FINAL, PROFILE, stage, stageOf } from './stage.ts';

/** How long a profile rests when nobody says when its limit ends. */
const DEFAULT_REST_MS = 300_000;

export function troubleCases(installed: Installed): void {
  const { tools, limited, stalledMs } = installed.harness;

  test('a rate limit rests its profile, and the next one of the pool does the task', async () => {
    const refused = await startModelEndpoint(
      refusing({
        kind: 'error',
        status: 429,
        headers: { 'retry-after': String(limited.retryAfterS) },
        message: 'This request would exceed the rate limit of your account.',
      }),
    );
    const model = await startModelEndpoint([tools.write('other.txt', 'by the other\n'), FINAL]);
    const { silenceMs } = limited;
    const runs = await stageOf({
      profiles: {
        first: { installed, model: refused, more: silenceMs === undefined ? {} : { silenceMs } },
        second: { installed, model },
      },
      pools: { both: { strategy: 'round_robin', profiles: ['first', 'second'] } },
      workers: { 'w-1': { pool: 'both' } },
    });
    const id = await runs.add();
    const task = await runs.ended(id);
    expect(task).toMatchObject({ state: 'closed', attempts: 0, losses: 0 });
    const records = await runs.runs(id);
    expect(records.map(({ profile, outcome }) => [profile, outcome])).toEqual([
      ['first', 'rate_limited'],
      ['second', 'completed'],
    ]);
    expectWhole(model, runs.output(records[1]!));
    const cooled = (await journalOf(runs.client)).flatMap(({ batch: { at, events } }) =>
      events.flatMap((event) =>
        event.type === 'profile_cooled' ? [{ profile: event.profile, restMs: event.until - at }] : [],
      ),
    );
    expect(cooled).toEqual([{ profile: 'first', restMs: expect.any(Number) }]);
    const toldMs = limited.tells ? limited.retryAfterS * 1_000 : DEFAULT_REST_MS;
    // It was told of before the run came to its end.
    expect(cooled[0]!.restMs).toBeLessThanOrEqual(toldMs);
    expect(cooled[0]!.restMs).toBeGreaterThan(Math.max(0, toldMs - 25_000));
  });

  test('a refused login stops its profile and tells people, and the task waits until it is resumed', async () => {
    const refused: ErrorTurn = { kind: 'error', status: 401, message: 'invalid x-api-key' };
    const book = refusing(refused, oneScript([tools.write('at-last.txt', 'done\n'), FINAL]));
    const { runs, model } = await stage(installed, book);
    const { client, operator } = runs;
    const id = await runs.add();
    const profile = () => client.query<'profiles'>({ v: 1, kind: 'profiles' });
    await until(
      'the profile is stopped',
      async () => (await profile()).profiles.find(({ name }) => name === PROFILE)?.stopped,
      60_000,
    );
    const [run] = await runs.runs(id);
    expect(run).toMatchObject({ outcome: 'auth_failed', why: 'failed', to: 'open' });
    expect(await runs.task(id, 'open', () => true)).toMatchObject({ state: 'open', attempts: 0, losses: 0 });
    await until('people are told', async () => {
      const { records } = await operator.log({ target: { kind: 'agent', name: 'orchestrator' }, limit: 50 });
      return records.some(({ kind, body }) => kind === undefined && `${body}`.includes(PROFILE));
    });
    book.relent();
    const resumed = await client.command({
      v: 1,
      kind: 'profile',
      id: randomId(),
      profile: PROFILE,
      action: 'resume',
    });
    expect(resumed.status).toBe('ok');
    expect(await runs.ended(id)).toMatchObject({ state: 'closed', attempts: 0 });
    expectWhole(model);
  });

  test.skipIf(!canFindProcesses)(
    'an answer that stalls is ended by the silence limit, with the whole group',
    async () => {
      const { runs, model } = await stage(
        installed,
        [{ kind: 'stall', text: 'Let me look at this first.' }],
        {
          fields: { silenceMs: stalledMs },
        },
      );
      const id = await runs.add();
      await until(
        'it waits for the rest of an answer',
        () => model.asked.some(({ isAside }) => !isAside),
        60_000,
      );
      const [live] = await runs.runs(id);
      expect(processesOf(live!.run)).not.toEqual([]);
      const task = await runs.ended(id);
      expect(task).toMatchObject({ state: 'failed', attempts: 1 });
      const [run] = await runs.runs(id);
      expect(run).toMatchObject({
        outcome: 'timed_out',
        reason: expect.stringContaining('gave no output for'),
      });
      expect(processesOf(live!.run)).toEqual([]);
    },
  );
}
