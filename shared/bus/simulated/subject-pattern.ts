/**
 * Patterns of subjects: `*` stands for one token, a last `>` for one or more. Pure.
 */

export interface SubjectPattern {
  readonly text: string;
  readonly isLiteral: boolean;
  matches(subject: string): boolean;
  /** What `subject`, which matches, becomes under a pattern whose wildcards stand for the same tokens. */
  translate(subject: string, to: string): string;
}

export function subjectPattern(text: string): SubjectPattern {
  const tokens = text.split('.');
  const isLiteral = !tokens.includes('*') && !tokens.includes('>');
  const wildAt = tokens.findIndex((token) => token === '*' || token === '>');
  const before = tokens
    .slice(0, Math.max(0, wildAt))
    .map((token) => `${token}.`)
    .join('');
  const matches = (subject: string): boolean => {
    if (isLiteral) return subject === text;
    // Most subjects differ before the first wildcard: so they need not be taken apart.
    if (!subject.startsWith(before)) return false;
    const found = subject.split('.');
    for (const [n, token] of tokens.entries()) {
      if (token === '>') return found.length > n;
      if (found[n] === undefined || (token !== '*' && token !== found[n])) return false;
    }
    return found.length === tokens.length;
  };
  return {
    text,
    isLiteral,
    matches,
    translate(subject, to) {
      const found = subject.split('.');
      const stars = tokens.flatMap((token, n) => (token === '*' ? [found[n] ?? ''] : []));
      const rest = tokens.at(-1) === '>' ? found.slice(tokens.length - 1) : [];
      return to
        .split('.')
        .flatMap((token) => (token === '*' ? [stars.shift() ?? ''] : token === '>' ? rest : [token]))
        .join('.');
    },
  };
}
