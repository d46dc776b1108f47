import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Deciders } from '../../services/orchestrator/judge.ts';
import {
  applyClaim,
  applyCommand,
  applyLook,
  applyMail,
  applyReport,
  BoardBroken,
} from '../../shared/board/decide.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import {
  about,
  add,
  claimBy,
  done,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { anyone, project, startHive, type TestHive } from '../support/orchestrator.ts';

const limit = 65_536;
let hive: TestHive;
let client: BoardClient;
let w1: Bus;
let tried: string[];

/** What a decider of a test build does with an input that names it. */
function strike(text: string): void {
  const found = /(throw|break)-me(-\w+)?/.exec(text);
  if (found === null) return;
  tried.push(found[0]);
  if (found[1] === 'throw') throw new TypeError('no decision');
  throw new BoardBroken('half of it was applied');
}

const deciders: Deciders = {
  applyClaim(board, input, now) {
    strike(input.claim.capabilities.labels?.join(' ') ?? '');
    return applyClaim(board, input, now);
  },
  applyCommand(board, input, now, fits) {
    strike(input.command.id);
    return applyCommand(board, input, now, fits);
  },
  applyReport(board, input, now) {
    strike(input.report.id);
    return applyReport(board, input, now);
  },
  applyMail(board, input, now) {
    strike(input.stored.mail.id);
    return applyMail(board, input, now);
  },
  applyLook(board, input, now) {
    if (board.letters.watched.get(input.seq)?.from === 'spoiler') strike('break-me');
    return applyLook(board, input, now);
  },
};

beforeEach(async () => {
  tried = [];
  const server = await startNatsServer({ maxPayloadBytes: limit });
  // Terms are counted: a slow moment of this process is to cost none.
  hive = await startHive({ server, more: { deciders, electionLeaseMs: 4_000 } });
  client = await hive.client('operator');
  w1 = await hive.connect('w1');
  await hive.configure({ roles: { operator: 'operator' } });
  await add(client, plain('one'));
});
afterEach(() => hive.stop());

const status = () => client.query<'status'>({ v: 1, kind: 'status' });
const consumed = (seq: number) =>
  until(
    `mail ${seq} is consumed`,
    async () => ((await status().catch(() => undefined))?.mail_seq ?? 0) >= seq,
  );
const labelled = (label: string) => ({ ...anyone, labels: [label] });
/** A claim that is repeated until it is answered, as agents do. */
const claimUntil = async (label: string) => {
  const claimer = await hive.claimer('w1', { capabilities: labelled(label) });
  return await claimer.next({ holds: [], waitMs: 500, signal: new AbortController().signal });
};

/** A mail to somebody, whose delivery is watched. */
const mailFrom = (from: string, id: string): Promise<number> => {
  const mail = { v: 1, id, kind: 'message', at: 1, body: 'hi' } as const;
  return sendMail(w1, project, from, { kind: 'agent', name: 'w1' }, mail);
};

async function expectOnward(): Promise<void> {
  const name = `onward-${Math.round(performance.now())}`;
  await add(client, plain(name, { priority: 'P0' }));
  const worker = await hive.connect(name);
  expect(grantOf(await sendClaim(worker, name, claimBy(name, { wait_ms: 2_000 }))).task).toBe(name);
}

test('what makes a decision throw is refused by name, by every door, and the term goes on', async () => {
  const grant = grantOf(await sendClaim(w1, 'w1', claimBy('w1')));
  const command = { v: 1, kind: 'cancel', id: 'throw-me-command', task: 'one' } as const;
  expect(await client.command(command)).toMatchObject({ status: 'refused', code: 'undecidable' });
  const claim = claimBy('w1', { number: 2, capabilities: labelled('throw-me-claim') });
  expect(await sendClaim(w1, 'w1', claim)).toMatchObject({
    kind: 'refused',
    code: 'undecidable',
  });
  const carried = {
    ...claimBy('w1', { number: 3, holds: [grant.fence] }),
    report: done(grant, 'throw-me-carried'),
  };
  expect((await sendClaim(w1, 'w1', carried)).report).toMatchObject({ code: 'undecidable' });
  const seq = await mailReport(w1, 'w1', done(grant, 'throw-me-mail'));
  await consumed(seq);
  const letter = await mailFrom('ann', 'throw-me-letter');
  await consumed(letter);
  expect((await status()).term).toBe(1);
  expect(await stateOf(client, 'one')).toBe('claimed');
  await hive.restartOrchestrator();
  // The mail is behind us: nobody tries it again.
  expect((await status()).mail_seq).toBeGreaterThanOrEqual(seq);
  expect(tried.filter((what) => what === 'throw-me-mail')).toHaveLength(1);
  expect((await status()).mail_seq).toBeGreaterThanOrEqual(letter);
  expect(tried.filter((what) => what === 'throw-me-letter')).toHaveLength(1);
  await expectOnward();
});

test.each([
  ['a mail to somebody', () => mailFrom('ann', 'break-me')],
  [
    'a report',
    () =>
      mailReport(w1, 'w1', {
        ...about({ task: 'one', fence: 1, run: 'r' } as never, 'break-me'),
        kind: 'progress',
        note: 'x',
      }),
  ],
  ['a command', () => client.command({ v: 1, kind: 'cancel', id: 'break-me', task: 'one' })],
  ['a claim', () => claimUntil('break-me')],
])('%s that breaks the board costs one term, and is refused by the next one', async (_, send) => {
  const answer = await send();
  if (typeof answer === 'number') await consumed(answer);
  else
    expect(answer).toMatchObject({
      code: 'undecidable',
      message: expect.stringContaining('broke the board before'),
    });
  await until('the next term', async () => ((await status().catch(() => undefined))?.term ?? 0) >= 2);
  await expectOnward();
  expect(tried).toHaveLength(1);
  await hive.restartOrchestrator();
  await expectOnward();
  expect(tried).toHaveLength(1);
});

test('a letter that breaks the board when it is looked at costs one term, and the next one leaves it alone', async () => {
  // A mail to somebody known waits.
  await sendClaim(w1, 'w1', claimBy('w1'));
  const seq = await mailFrom('spoiler', 'fine');
  await until('the next term', async () => ((await status().catch(() => undefined))?.term ?? 0) >= 2);
  await consumed(seq);
  await expectOnward();
  expect(tried).toEqual(['break-me']);
  expect((await status()).term).toBe(2);
});

test('what is too large to be stored, or no message at all, is refused and consumed, also by the next leader', async () => {
  const grant = grantOf(await sendClaim(w1, 'w1', claimBy('w1')));
  const note = 'x'.repeat(limit / 2);
  const large = { ...about(grant, 'large'), kind: 'progress' as const, note };
  const carried = { ...claimBy('w1', { number: 2, holds: [grant.fence] }), report: large };
  expect((await sendClaim(w1, 'w1', carried)).report).toMatchObject({ code: 'too-large' });
  const tasks = Array.from({ length: 3 }, (_, n) => plain(`l-${n}`, { body: 'x'.repeat(19_000) }));
  expect(await client.command({ v: 1, kind: 'add', id: 'large', tasks })).toMatchObject({
    code: 'too-large',
  });
  await mailReport(w1, 'w1', large);
  const subject = subjectsOf(project).mail('w1', { kind: 'agent', name: 'orchestrator' });
  const garbage = await w1.append(subject, Buffer.from('\u0000garbage'));
  await consumed(garbage.seq);
  await hive.restartOrchestrator();
  const last = await mailReport(w1, 'w1', done(grant));
  await until('what comes behind them counts', async () => (await stateOf(client, 'one')) === 'closed');
  expect((await status()).mail_seq).toBeGreaterThanOrEqual(last);
});
