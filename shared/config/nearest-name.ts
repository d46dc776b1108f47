/**
 * The known name that a person most likely meant. Case, dashes and underscores do not count, so
 * `maxAttempts` finds `max_attempts`.
 */
import { distance } from 'fastest-levenshtein';

/** The nearest of `known`, or nothing when none is near enough to be worth suggesting. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = plain(candidate);
    const prefix = wanted.length >= 3 && (other.startsWith(wanted) || wanted.startsWith(other));
    const far = prefix ? 1 : distance(wanted, other);
    // Two edits make any two-letter word of any other: a suggestion must share something.
    if (far < bestDistance && far < Math.max(wanted.length, other.length)) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}

/** What to say of a name that is not known: the nearest one, else the few that are. */
export function suggestion(name: string, known: Iterable<string>): string {
  const names = [...known];
  const nearest = nearestName(name, names);
  if (nearest !== undefined) return `did you mean \`${nearest}\`?`;
  if (names.length === 0) return 'none is known here';
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `known are ${shown}, and ${names.length - 12} more` : `known: ${shown}`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}
