import { execSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileRef } from '../../../schemas/index.ts';
import { lookAtElections } from '../../../services/cli/doctor/elections.ts';
import { leaderSubject } from '../../../shared/bus/leadership.ts';
import { createReader } from '../../../shared/bus/read-client.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { leadersSpec } from '../../../shared/bus/topology.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createBusDesk } from '../../../shared/mail/bus-desk.ts';
import { randomId } from '../../../shared/random.ts';
import { bodiesOf, draft } from '../../contract/mail/lab.ts';
import { add, plain, until } from '../../support/asking.ts';
import { startDoctor, type TestDoctor } from '../../support/doctor.ts';
import { project } from '../../support/orchestrator.ts';
import { storedDamage, writeRef } from '../../support/stored-damage.ts';
import { workerBench } from '../../support/worker-bench.ts';
import { expectRedone } from './damaged-bundle.ts';

const bench = workerBench();
const stored = storedDamage(bench);
let doctor: TestDoctor;
beforeEach(async () => {
  doctor = await startDoctor(bench.hive.server);
});
afterEach(() => doctor.close());

test.each([
  [
    'cut short',
    (file: FileRef) => stored.replace(file, (old) => old.slice(0, 100)),
    /it hashes to \w+, expected/,
  ],
])(
  'a submission whose bundle was %s is named by doctor and given back with the reason; the next try lands, and so does what stands beside it',
  async (_, damage, fault) => {
    await expectRedone({ bench, stored, doctor, damage, fault });
  },
);

test('garbage in an election is named by doctor, and the next renewal or campaign writes it anew; the term goes on or another begins', async () => {
  const core = await bench.hive.services('core');
  await core.append(leaderSubject(project, 'stale-takeover'), Buffer.from('garbage'));
  const found = await lookAtElections(core, project);
  expect(found).toMatchObject({
    status: 'warn',
    error: expect.stringMatching(/^the key of stale-takeover cannot be read \(revision \d+\)$/),
  });
  await core.append(leaderSubject(project, 'orchestrator'), Buffer.from('{"v":1,"hol'));
  await until(
    'it is mended',
    async () => !(await lookAtElections(core, project)).error?.includes('orchestrator'),
  );
  await add(bench.client, plain(`onward-${bench.n}`));
  await core.streams.purge(leadersSpec(project).name, { subject: leaderSubject(project, 'stale-takeover') });
  expect((await lookAtElections(core, project)).status).toBe('pass');
});

test('mail and requests that are no messages are counted where doctor shows them', async () => {
  const agent = await bench.hive.connect('ann');
  const mail = subjectsOf(project).mail('ann', { kind: 'agent', name: 'orchestrator' });
  await agent.append(mail, Buffer.from('{"v":1,"id"'));
  const found = await until('it is counted', async () => {
    const check = await doctor.check('refused');
    return check.status === 'warn' && check;
  });
  expect(found).toMatchObject({
    error: expect.stringMatching(/\d+ of mail/),
    mend: expect.stringContaining('orchestrator.log'),
  });
});

test('a long mail whose body is damaged says so in its place and hides no other; doctor names it and its sender', async () => {
  const desk = createBusDesk({
    swarm: await bench.hive.connect('ann'),
    project,
    agent: 'ann',
    identity: 'ann',
    host: 'here',
    clock: systemClock,
    randomId,
  });
  await desk.send(draft('long', `${'long '.repeat(40_000)}end`));
  await desk.send(draft('long', 'short'));
  const { mails } = await createReader(await bench.hive.connect('reader'), project, 'reader').mail({
    last: 2,
  });
  const file = mails[0]?.mail.body_file;
  expect(file).toBeDefined();
  await stored.replace(file!, (old) => old.slice(1));
  expect(await doctor.check('stored files')).toMatchObject({
    status: 'warn',
    error: expect.stringContaining(`the body of mail ${mails[0]?.seq} from ann: it hashes to`),
    mend: expect.stringContaining('send it again'),
  });
  const bodies = async () =>
    bodiesOf((await desk.log({ target: { kind: 'topic', name: 'long' }, limit: 0 })).records);
  expect(await bodies()).toEqual([
    expect.stringMatching(/^\[the body of this message \(\d+ bytes\) is damaged: it is not what was sent\]$/),
    'short',
  ]);
  await stored.remove(file!);
  expect(await bodies()).toEqual([expect.stringContaining('is not stored any more'), 'short']);
  await desk.close();
});

test('a branch or a fence of a lane that leads nowhere is named by doctor, and its command mends it', async () => {
  const missing = '1234567890'.repeat(4);
  for (const [ref, text] of [
    ['refs/heads/waggle/main', missing],
    ['refs/waggle/fence/main', missing],
    ['refs/waggle/fence/main', 'garb'],
  ] as const) {
    writeRef(doctor.home, ref, text);
    const found = await doctor.check('lane main');
    const how = text === missing ? `names ${missing}, which is missing` : "holds no commit's name";
    expect(found).toMatchObject({ status: 'fail', error: `${doctor.home}: ${ref} ${how}` });
    const [drop = ''] = found.mend?.match(/(?<=`)(git -C \S+ update-ref -d|rm) [^`]*(?=`)/) ?? [];
    execSync(drop);
    expect((await doctor.check('lane main')).status).toBe('pass');
  }
});
