import { describe, expect, it } from 'vitest';
import { LIVE_MS, workIdentity } from '../../../../shared/board/decide-people.ts';
import { evolve } from '../../../../shared/board/evolve.ts';
import { PEOPLE_KEPT } from '../../../../shared/board/people.ts';
import { createDriver, type Driver, START } from './board-driver.ts';

const register = (driver: Driver, name: string, identity: string, silentMs = 0, host?: string) =>
  driver.command({ kind: 'register', identity, ...(host === undefined ? {} : { host }) }, name, silentMs);

const taken = (name: string) => ({
  status: 'refused',
  code: 'name-taken',
  message: `agent name already registered: ${name}`,
});

describe('registering a name', () => {
  it('takes a free one, and says the same again without an event', () => {
    const driver = createDriver();
    expect(register(driver, 'ann', 'here', 0, 'h1').events).toMatchObject([
      { type: 'registered', agent: 'ann', identity: 'here', host: 'h1' },
      { type: 'answered', kind: 'register' },
    ]);
    driver.now += 5;
    expect(register(driver, 'ann', 'here', 0, 'h1')).toEqual({ events: [], answer: { status: 'ok' } });
    expect(register(driver, 'ann', 'here').events).toEqual([]);
    expect(driver.board.people.get('ann')).toEqual({
      name: 'ann',
      identity: 'here',
      host: 'h1',
      first_seen: START,
      last_seen: START,
    });
  });

  it('is refused to another identity while anybody is there under it, and to nobody once it is silent', () => {
    const driver = createDriver();
    register(driver, 'ann', 'here');
    driver.command({ kind: 'set_status', text: 'mine' }, 'ann');
    driver.now += 70_000;
    expect(register(driver, 'ann', 'there', LIVE_MS - 1)).toEqual({ events: [], answer: taken('ann') });
    expect(register(driver, 'ann', 'there', LIVE_MS).answer).toEqual({ status: 'ok' });
    // The name goes on, what its last holder said of itself does not.
    expect(driver.board.people.get('ann')).toEqual({
      name: 'ann',
      identity: 'there',
      first_seen: START,
      last_seen: START + 70_000,
    });
  });

  it('goes by the place of work of an agent that lives', () => {
    const driver = createDriver();
    driver.claim('w1', { place: { state: 's-w1' } });
    expect(register(driver, 'w1', 'shell').answer).toEqual(taken('w1'));
    expect(register(driver, 'w1', workIdentity('s-other')).answer).toEqual(taken('w1'));
    expect(register(driver, 'w1', 'state:s-w1').answer).toEqual({ status: 'ok' });
    expect(register(driver, 'w1', 'shell', LIVE_MS).answer).toEqual({ status: 'ok' });
  });

  it('takes one that somebody uses without having registered', () => {
    const driver = createDriver();
    driver.command({ kind: 'set_status', text: 'busy' }, 'ann');
    expect(register(driver, 'ann', 'here').answer).toEqual({ status: 'ok' });
    expect(driver.board.people.get('ann')).toMatchObject({ identity: 'here', status: 'busy' });
  });

  it("never takes the orchestrator's", () => {
    expect(register(createDriver(), 'orchestrator', 'here', Number.POSITIVE_INFINITY).answer).toEqual(
      taken('orchestrator'),
    );
  });

  it('is answered the same for a repeated command, whoever has the name by then', () => {
    const driver = createDriver();
    const part = { kind: 'register', identity: 'here', id: 'one' } as const;
    driver.command(part, 'ann');
    register(driver, 'ann', 'there', LIVE_MS);
    expect(driver.command(part, 'ann', 0)).toEqual({ events: [], answer: { status: 'ok' } });
    expect(driver.board.people.get('ann')).toMatchObject({ identity: 'there' });
  });
});

describe('a status', () => {
  it('is said, changed and cleared, each time once', () => {
    const driver = createDriver();
    const say = (text?: string) =>
      driver.command({ kind: 'set_status', ...(text === undefined ? {} : { text }) }, 'ann').events.length;
    expect([say(), say('a'), say('a'), say('b'), say(), say()]).toEqual([0, 2, 0, 2, 2, 0]);
    expect(driver.board.people.get('ann')).toEqual({ name: 'ann', first_seen: START, last_seen: START });
  });
});

describe('the people of a board', () => {
  it('are bounded: whoever did nothing for longest goes', () => {
    const { board } = createDriver();
    const say = (agent: string) => evolve(board, { type: 'status_set', agent, text: 'x' }, START);
    for (let n = 0; n < PEOPLE_KEPT; n += 1) say(`p${n}`);
    say('p0');
    say('late');
    expect(board.people.size).toBe(PEOPLE_KEPT);
    expect(['p0', 'p1', 'p2', 'late'].map((name) => board.people.has(name))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
