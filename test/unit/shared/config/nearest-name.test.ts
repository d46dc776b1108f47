import { describe, expect, it } from 'vitest';
import { nearestName, suggestion } from '../../../../shared/config/nearest-name.ts';

const known = ['max_attempts', 'profiles', 'lanes', 'gates', 'os'];

describe('the nearest known name', () => {
  it.each([
    ['profil', 'profiles'],
    ['profile', 'profiles'],
    ['maxAttempts', 'max_attempts'],
    ['max-attempt', 'max_attempts'],
    ['lane', 'lanes'],
    ['LANES', 'lanes'],
    ['agtes', 'gates'],
  ])('of %s is %s', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it.each(['timeout', 'x', 'zz', ''])('of %j is none', (name) => {
    expect(nearestName(name, known)).toBeUndefined();
  });

  it('gives way to the list of what is known when nothing is near', () => {
    expect(suggestion('timeout', known)).toBe('known: max_attempts, profiles, lanes, gates, os');
    expect(suggestion('x', [])).toBe('none is known here');
  });
});
