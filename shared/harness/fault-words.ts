/**
 * What the words of an error mean where nothing else tells: a rate limit, a missing login, and when a limit ends. Pure.
 */

/** Limits of a provider or of an account. */
const RATE_LIMIT: readonly RegExp[] = [
  /(?<!\b(no|without|within) )\brate[ _-]?limit(s|ed|ing|_error)?\b/i,
  /\byou(['’]ve| have)? (hit|reached|exceeded) your\b[^\n]{0,24}\blimit\b/i,
  /\blimit reached\b[^\n]{0,16}\bresets?\b/i,
  /\btoo many requests\b/i,
  /\b(quota|usage limit|credit limit|spending limit|session limit|weekly limit)\b[^\n]{0,40}\b(exceeded|reached|exhausted|hit)\b/i,
  /\b(exceeded|reached|exhausted|hit)\b[^\n]{0,40}\b(quota|usage limit|credit limit|session limit|weekly limit)\b/i,
  /\bresource[ _]?exhausted\b/i,
  /\b(status|error|http|code)(\/[\d.]+)?['"]?\s*[:=(]*\s*429\b/i,
  /\b429\b[^\n]{0,16}\b(too many|status|error|rate)/i,
  /\btry again (later|in \d|at \d)/i,
  /\binsufficient_quota\b/i,
];

/** A login or a key that is missing or not accepted. */
const AUTH: readonly RegExp[] = [
  /\b(invalid|incorrect|missing|expired|revoked|no)\b[^\n]{0,24}\b(api[ _-]?key|x-api-key|auth(entication)? token|access token|bearer token|credentials)\b/i,
  /\b(api[ _-]?key|auth(entication)? token|access token|oauth token|credentials?)\b[^\n]{0,32}\b(invalid|incorrect|missing|expired|revoked|not (set|found|valid|provided|configured)|required)\b/i,
  /\bplease (run\b[^\n]{0,40}\blogin|log ?in|sign in|set an auth method)\b/i,
  /\bnot (logged|signed) in\b/i,
  /\b(authentication|authorization)[ _](failed|error|required)\b/i,
  /\b(status|error|http|code)(\/[\d.]+)?['"]?\s*[:=(]*\s*40[13]\b/i,
  /\b401\b[^\n]{0,16}\bunauthorized\b/i,
  /\b403\b[^\n]{0,16}\bforbidden\b/i,
  /^unauthorized\b/i,
  /\bmust specify the \w*API_KEY\b/i,
];

export const saysRateLimit = (text: string): boolean => RATE_LIMIT.some((words) => words.test(text));

export const saysAuth = (text: string): boolean => AUTH.some((words) => words.test(text));

/** The kind of an error of which only a status and words are known. */
export function faultKind(status: number | undefined, words: string): 'rate_limit' | 'auth' | 'error' {
  if (status === 429) return 'rate_limit';
  if (status === 401 || status === 403) return 'auth';
  if (saysRateLimit(words)) return 'rate_limit';
  return saysAuth(words) ? 'auth' : 'error';
}
