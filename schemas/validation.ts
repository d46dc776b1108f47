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
  const where = path === '' ? 'the message' : path;
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
  if (error.keyword === 'discriminator') return JSON.stringify(error.params.tagValue) ?? 'nothing';
  if (typeof found === 'string') {
    const long = error.keyword === 'maxLength' ? ` (${found.length} characters)` : '';
    return JSON.stringify(found.length > 60 ? `${found.slice(0, 57)}…` : found) + long;
  }
  if (Array.isArray(found)) return `a list of ${found.length}`;
  if (found !== null && typeof found === 'object') return 'an object';
  return String(found);
}
