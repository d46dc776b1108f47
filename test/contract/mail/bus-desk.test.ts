import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { createBusDesk } from '../../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../../shared/mail/desk.ts';
import { randomId } from '../../../shared/random.ts';
import { project } from '../../support/orchestrator.ts';
import { mailDeskCases } from './cases.ts';
import { draft, freshName, hiveLab, type MailLab, type OpenDesk } from './lab.ts';

const openDesk: OpenDesk = async (hive, agent, { clock = systemClock, identity = `test:${agent}` }) => {
  const swarm = await hive.connect(agent);
  return { desk: createBusDesk({ swarm, project, agent, clock, randomId, identity, host: hostname() }) };
};
const makeLab = () => hiveLab(openDesk);

mailDeskCases('the bus', makeLab);

describe('a desk over the bus', () => {
  let lab: MailLab;
  let ada: MailDesk;
  beforeAll(async () => {
    lab = await makeLab();
    ada = await lab.desk('ada');
  });
  afterAll(() => lab.stop());

  it('registers any free name, and refuses one that another identity uses', async () => {
    const [home, away] = [
      await lab.desk('home', { identity: 'a' }),
      await lab.desk('away', { identity: 'b' }),
    ];
    const name = freshName('agent');
    expect(await home.register(name)).toMatchObject({ name, host: hostname() });
    await expect(away.register(name)).rejects.toMatchObject({
      code: 'name-taken',
      message: `agent name already registered: ${name}`,
    });
    await expect(away.register('orchestrator')).rejects.toMatchObject({ code: 'name-taken' });
    await expect(away.register('no name')).rejects.toMatchObject({ code: 'mail-invalid' });
  });

  it('refuses the name of another who is at work in the same place', async () => {
    const [one, other] = [freshName('agent'), freshName('agent')];
    const desks = [await lab.desk(one, { identity: 'here' }), await lab.desk(other, { identity: 'here' })];
    await desks[0]?.register(one);
    await expect(desks[1]?.register(one)).rejects.toMatchObject({ code: 'name-taken' });
    expect(await desks[1]?.register(other)).toMatchObject({ name: other });
  });

  it('finds a free name for whom has none, another one each time', async () => {
    const names = [];
    for (let n = 0; n < 5; n += 1) names.push((await ada.register(undefined)).name);
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(name).toMatch(/^[a-z]+-[a-z]+$/);
  });

  it('forgets after an hour who came without a name', async () => {
    const nameless = `anon-${process.pid}`;
    await (await lab.desk(nameless)).send(draft('tasks', 'x'));
    await ada.send(draft('tasks', 'x'));
    const names = async (aheadMs: number) => {
      const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
      const desk = await lab.desk(freshName('agent'), { clock });
      return (await desk.who()).map(({ name }) => name);
    };
    expect(await names(0)).toEqual(expect.arrayContaining(['ada', nameless]));
    const later = await names(3_700_000);
    expect(later).toContain('ada');
    expect(later).not.toContain(nameless);
  });

  it('tells who sent from where', async () => {
    await ada.send(draft('tasks', 'x'));
    const { records } = await ada.log({ target: { kind: 'topic', name: 'tasks' }, limit: 1 });
    expect(records).toMatchObject([{ host: hostname() }]);
  });
});
