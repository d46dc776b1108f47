/**
 * How a value looks: like a secret, or like something that only stands where one would be. Knows nothing of
 * where the value was found. Pure.
 */

/** What stands where a secret stood. */
export const REDACTED = '[REDACTED]';

/** Longer values are never taken for a stand-in; it also bounds how often the same text is looked at. */
const LONGEST_STAND_IN = 512;

const standIns = [
  // Types, literals and words of code and of documentation.
  /^(?:string|str|&str|number|int|bool|boolean|bytes|object|any|unknown|void|never|null|nil|none|undefined|true|false|yes|no|on|off|required|optional|redacted|hidden|masked|missing|unset|empty|invalid|expired|await|new|function|async|include|omit|same-origin|the|a|an|if|it|this|that|your|must|should|is|are)[!?]?$/i,
  /^(?:Option|Optional|Secret|Maybe|Result|Array|Vec)[<[]/,
  // Where the value comes from: variables, members named after the secret, calls.
  /^(?:\$\{.*|\$\(.*|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\{\{.*)$/,
  /^(?:process\.env|os\.environ|import\.meta\.env)\b[\w.[\]()!?]*$/,
  /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*\??\.\w*(?:password|passwd|secret|token|key)$/i,
  /^(?:this|self|config|options|settings|args|params|props|state|passwords|secrets|credentials)(?:\??\.#?[A-Za-z_$][\w$]*)+\??(?:[([].*)?$/,
  /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+\(/,
  /^[A-Za-z_$][\w$]*\(\)?$/,
  // Links: the secrets in them are found by their own form.
  /^[a-z][a-z0-9+.-]*:\/\/\S*$/,
  // Files. The first folder has no capitals or digits, as base64 would.
  /^(?:~|\.{1,2})?\/(?:[a-z._-]{2,}|Users|Volumes|Library|Applications)(?:\/[\w./@+ -]*)?$/,
  // Blanks for a person to fill in, and what others have already hidden.
  /^(?:<.*|\*+|[xX]{3,}|\.{3,}|…|\[REDACTED.*|[^\p{L}\p{N}]*)$/u,
];

/** Whether `value` is no secret but a type, a variable, a path or a blank. */
export function isStandIn(value: string): boolean {
  return value.length <= LONGEST_STAND_IN && standIns.some((pattern) => pattern.test(value));
}

/** Whether `value` is one word that nobody would write as text: letters and digits mixed, or very long. */
export function looksOpaque(value: string): boolean {
  if (value.length < 6 || /\s/.test(value)) return false;
  const hasLetter = /[A-Za-z]/.test(value);
  const hasDigit = /[0-9]/.test(value);
  return (hasLetter && hasDigit) || (value.length >= 32 && (hasLetter || hasDigit));
}
