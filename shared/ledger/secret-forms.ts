/**
 * Secrets and addresses known by their own form, wherever they stand. Every pattern begins at a fixed word or
 * at the beginning of a word and repeats only within bounds or up to something it cannot itself match: the
 * time is linear in the text, whatever is in it.
 */
import { looksOpaque, REDACTED } from './secret-value.ts';

interface Form {
  readonly pattern: RegExp;
  readonly replacement: string | ((match: string, ...groups: string[]) => string);
}

/** At the beginning of a word; `\n` and the like before it are escapes of a string, no part of the word. */
const atWord = (word: string) => String.raw`(?<![${word}])(?<!\\(?=[nrt]))|(?<=\\[nrt])`;

const tokens = [
  // OpenAI, Anthropic; a digit or capital, since style sheets have such names too.
  String.raw`sk-(?=[a-z_-]{0,40}[0-9A-Z])[\w-]{16,}`,
  // GitHub, GitLab, Slack.
  String.raw`gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}|xapp-[\w-]{16,}`,
  // Amazon, Google.
  String.raw`A(?:KI|SI|BI|CC|RO|ID)A[A-Z0-9]{12,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,}`,
  // Package registries.
  String.raw`npm_[A-Za-z0-9]{30,}|pypi-AgE[\w-]{16,}|dckr_pat_[\w-]{16,}`,
  // Models and clouds.
  '(?:hf_|gsk_|xai-|r8_|pplx-)[A-Za-z0-9]{20,}',
  String.raw`dop_v1_[a-f0-9]{20,}|hv[sb]\.[\w-]{20,}|shp(?:at|ss|ca|pa)_[A-Fa-f0-9]{20,}|lin_api_[A-Za-z0-9]{20,}`,
  // Payment, mail, messengers.
  String.raw`[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[\w+/]{16,}|SG\.[\w-]{16,}(?:\.[\w-]*)?|SK[a-f0-9]{32}`,
  String.raw`[0-9]{8,10}:AA[\w-]{30,}`,
  // Seeds of nkeys: an operator's, account's, user's, server's, cluster's, or a curve key's.
  'S[AOUNCX][A-Z2-7]{40,}',
  // JSON web tokens, whole or cut, and other JSON in base64.
  String.raw`eyJ[\w+/-]{16,}=*(?:\.[\w-]*){0,4}`,
];

/** Not versions (`pkg@1.2.3-rc.x`), images (`logo@2x.png`), units (`getty@tty1.service`) or `git@`. */
const email = [
  `(?:${atWord(String.raw`\p{L}\p{N}_.%+\-`)})`,
  String.raw`(?<!:\/\/)(?!git@)[\p{L}\p{N}_%+\-][\p{L}\p{N}_.%+'\-]*@`,
  String.raw`(?!v?[0-9]+\.[0-9]|[0-9]+x\.)(?:[\p{L}\p{N}][\p{L}\p{N}\-]{0,62}\.){1,8}`,
  String.raw`(?!(?:service|timer|socket|target|mount|slice)(?![\p{L}\p{N}]))(?:\p{L}{2,24}|xn--[a-z0-9\-]{2,59})(?![\p{L}\p{N}_])`,
].join('');

const ifOpaque = (match: string, before = '', value = ''): string =>
  looksOpaque(value) ? before + REDACTED : match;

const forms: readonly Form[] = [
  // To the last `@` of the authority: a password may hold one.
  { pattern: /(?<=:\/\/)[^\s/"'`<>?#@:]*:[^\s/"'`<>?#]*@/g, replacement: `${REDACTED}@` },
  { pattern: /(?<=:\/\/)[^\s/"'`<>?#@:]{20,}@/g, replacement: `${REDACTED}@` },
  {
    pattern: /(\b(?:set-)?cookie["']?:[ \t]{0,8}["']?)[^\s=;"']{1,128}=[^\n"']*/gi,
    replacement: `$1${REDACTED}`,
  },
  { pattern: /(\b(?:bearer|basic)[ \t]{1,4})([\w.~+/=-]{8,})/gi, replacement: ifOpaque },
  {
    pattern: /([?&](?:key|sig|signature|auth|code|x-amz-signature|x-amz-security-token)=)([^\s&"'`<>]+)/gi,
    replacement: ifOpaque,
  },
  {
    pattern: /(\b(?:password|passwd|secret|token|apikey)>)[^<>\s]+(?=<\/)/gi,
    replacement: `$1${REDACTED}`,
  },
  { pattern: /(\blogin[ \t]{1,8}\S{1,256}[ \t]{1,8}password[ \t]{1,8})\S+/g, replacement: `$1${REDACTED}` },
  {
    pattern: /(\b(?:curl|wget)\b[^\n|;]{0,300}?[ \t](?:-u|--user)[ \t=]["']?[^\s:"'/]{1,64}:)[^\s"']+/g,
    replacement: `$1${REDACTED}`,
  },
  { pattern: /(?<=hooks\.slack\.com\/services\/)[\w/]+/g, replacement: REDACTED },
  { pattern: /(?<=discord(?:app)?\.com\/api\/webhooks\/)[\w/-]+/g, replacement: REDACTED },
  {
    pattern: new RegExp(`(?:${atWord(String.raw`\w\-`)}|(?<=%[0-9A-F]{2}))(?:${tokens.join('|')})`, 'g'),
    replacement: REDACTED,
  },
  { pattern: new RegExp(email, 'gu'), replacement: REDACTED },
];

/** The text with every known form replaced. */
export function withoutKnownForms(text: string): string {
  return forms.reduce(
    (left, { pattern, replacement }) =>
      typeof replacement === 'string'
        ? left.replace(pattern, replacement)
        : left.replace(pattern, replacement),
    text,
  );
}
