import { describe, expect, test } from 'vitest';
import { faultKind } from '../../../../shared/harness/fault-words.ts';

describe('a rate limit', () => {
  test.each([
    'exceeded retry limit, last status: 429 Too Many Requests',
    'API Error: Request rejected (429) · Number of requests has exceeded your rate limit',
    '{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}',
    "You've hit your usage limit. Upgrade to Pro or try again in 3 days.",
    'Claude AI usage limit reached|1772366400',
    "You've hit your limit · resets 3pm (Europe/Berlin)",
    '5-hour limit reached ∙ resets 3pm',
    'HTTP/1.1 429',
    'rate_limit_error',
    'You exceeded your current quota, please check your plan and billing details.',
    'The service is busy, please try again later.',
  ])('%s', (words) => {
    expect(faultKind(undefined, words)).toBe('rate_limit');
  });
});

describe('a login that is missing or refused', () => {
  test.each([
    'Invalid API key · Please run /login',
    'Invalid API key · Fix external API key',
    'unexpected status 401 Unauthorized: invalid x-api-key',
    'Not logged in. Run codex login.',
    'Error: Authentication failed. FACTORY_API_KEY is set but appears to be invalid.',
    'No API key found for provider',
    'OAuth token has expired',
    'Please set an Auth method in your settings',
    '{"code":401,"message":"API key not valid. Please pass a valid API key."}',
    'authentication_error',
  ])('%s', (words) => {
    expect(faultKind(undefined, words)).toBe('auth');
  });
});

describe('neither', () => {
  test.each([
    'expected 429 to be 200',
    '401 tests passed',
    'error TS2304: Cannot find name',
    'context length exceeded',
    'the login form is done',
    'it did its work without rate limits',
    'the recursion limit reached 100',
    'error: 4290 items are too many',
  ])('%s', (words) => {
    expect(faultKind(undefined, words)).toBe('error');
  });
});

test('a status says more than words', () => {
  expect(faultKind(429, 'invalid api key')).toBe('rate_limit');
  expect(faultKind(403, 'rate limit')).toBe('auth');
  expect(faultKind(500, 'overloaded')).toBe('error');
});
