/**
 * Turns a validator's error into one sentence: where, what was expected, what came.
 */

export interface ValidationError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}
export type Validator = ((value: unknown) => boolean) & {
  errors?: readonly ValidationError[] | null;
};

/** More of a place in a message is not shown. */
const LONGEST_PLACE = 300;

/** The last error of a validator that just refused `value`. `path` is dotted (`tasks.3.title`). */
export function fault(validator: Validator, value: unknown): { fault: string; path: string } {
  const error = validator.errors?.at(-1);
  if (error === undefined) return { fault: 'the message is not valid', path: '' };
  const steps = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  let found: unknown = value;
  for (const step of steps) found = (found as Record<string, unknown> | undefined)?.[step];
  const key = error.params.additionalProperty ?? error.params.missingProperty;
  const path = [...steps, ...(typeof key === 'string' ? [key] : [])].join('.');
  // Keys are text from outside, and a fault is logged and sent.
  const where = path === '' ? 'the message' : clipped(path, LONGEST_PLACE);
  return {
    path,
    fault: `${where}: expected ${expectation(error)}, got ${shown(error, found)}`,
  };
}

function expectation(error: ValidationError): string {
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties':
      return 'no such key';
    case 'required':
      return 'a value';
    case 'type':
      return String(params.type);
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`;
    case 'const':
      return JSON.stringify(params.allowedValue);
    case 'pattern':
      return `text that matches ${String(params.pattern)}`;
    case 'discriminator':
      return `a known ${String(params.tag)}`;
    case 'maxLength':
      return `at most ${String(params.limit)} characters`;
    case 'minLength':
      return `at least ${String(params.limit)} characters`;
    case 'maxItems':
      return `at most ${String(params.limit)} entries`;
    case 'minItems':
      return `at least ${String(params.limit)} entries`;
    default:
      return (error.message ?? error.keyword).replace(/^must be /, '');
  }
}

function shown(error: ValidationError, found: unknown): string {
  if (error.keyword === 'required') return 'nothing';
  if (error.keyword === 'additionalProperties') return 'one';
  if (error.keyword === 'discriminator') {
    const { tagValue } = error.params;
    return tagValue === undefined ? 'nothing' : shownValue(tagValue);
  }
  const long =
    error.keyword === 'maxLength' && typeof found === 'string' ? ` (${found.length} characters)` : '';
  return shownValue(found) + long;
}

/** Total and short, whatever it is: MessagePack brings numbers of a million digits, and lists deeper than the stack. */
function shownValue(found: unknown): string {
  if (typeof found === 'string') return JSON.stringify(clipped(found, 60));
  if (Array.isArray(found)) return `a list of ${found.length}`;
  if (found !== null && typeof found === 'object') return 'an object';
  return typeof found === 'bigint' ? 'a larger number' : String(found);
}

const clipped = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}…` : text;
