import { describe, expect, it } from 'vitest';
import type { Beat } from '../../../../schemas/index.ts';
import { NAME_PATTERN } from '../../../../schemas/limits.ts';
import { longName, shortName } from '../../../../shared/mail/name-words.ts';
import { whoRecord } from '../../../../shared/mail/people.ts';
import { randomId } from '../../../../shared/random.ts';

const noon = Date.UTC(2026, 1, 9, 12);
const minute = 60_000;

describe('a line of who', () => {
  it('of somebody who sent or registered has the keys of the seed', () => {
    const person = { name: 'ada', identity: 'i', first_seen: noon, last_seen: noon + minute };
    expect(whoRecord('ada', undefined, { ...person, host: 'box', status: 'on it' })).toEqual({
      name: 'ada',
      host: 'box',
      status: 'on it',
      first_seen: '2026-02-09T12:00:00Z',
      last_seen: '2026-02-09T12:01:00Z',
    });
    expect(Object.keys(whoRecord('ada', undefined, person))).toEqual(['name', 'first_seen', 'last_seen']);
  });

  it('goes by the first and the last of all signs', () => {
    const seen = { agent: 'ada', first_at: noon - minute, last_at: noon, host: 'seen' };
    const person = { name: 'ada', first_seen: noon, last_seen: noon + minute };
    expect(whoRecord('ada', seen, person)).toEqual({
      name: 'ada',
      host: 'seen',
      first_seen: '2026-02-09T11:59:00Z',
      last_seen: '2026-02-09T12:01:00Z',
    });
    expect(whoRecord('ada', { agent: 'ada', last_at: noon }, undefined)).toEqual({
      name: 'ada',
      first_seen: '2026-02-09T12:00:00Z',
      last_seen: '2026-02-09T12:00:00Z',
    });
  });

  it('of somebody with a heartbeat says what it does', () => {
    const beat: Beat = {
      v: 1,
      kind: 'beat',
      role: 'worker',
      incarnation: 'i',
      place: { host: 'box', boot: 'b', state: 's' },
      pid: 1,
      version: '1',
      profile: 'codex',
      state: 'running',
      every_ms: 1,
      uptime_ms: 1,
      grants: [{ task: 'a-1', fence: 1, run: 'r', phase: 'run', output_age_ms: 5_000, output_bytes: 1 }],
    };
    expect(whoRecord('ada', { agent: 'ada', last_at: noon, beat }, undefined)).toMatchObject({
      host: 'box',
      role: 'worker',
      harness: 'codex',
      state: 'running',
      task: 'a-1',
      last_output: '2026-02-09T11:59:55Z',
    });
    const idle = whoRecord('ada', { agent: 'ada', last_at: noon, beat: { ...beat, grants: [] } }, undefined);
    expect(idle).not.toHaveProperty('task');
    expect(idle).not.toHaveProperty('last_output');
  });
});

describe('a made-up name', () => {
  it('is a valid name of two words, or of three', () => {
    for (let n = 0; n < 500; n += 1) {
      expect(shortName(randomId)).toMatch(/^[a-z]+-[a-z]+$/);
      expect(longName(randomId)).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
      expect(longName(randomId)).toMatch(new RegExp(NAME_PATTERN));
    }
  });

  it('is seldom the same again', () => {
    const names = new Set(Array.from({ length: 200 }, () => longName(randomId)));
    expect(names.size).toBeGreaterThan(190);
  });
});
