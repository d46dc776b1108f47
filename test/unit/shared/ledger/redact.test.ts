import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { redact } from '../../../../shared/ledger/redact.ts';

const R = '[REDACTED]';
const letters = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789';
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const seed = (kind: string): string => `S${kind}${base32}${base32.slice(0, 24)}`;
const body = Array.from({ length: 6 }, (_, line) => `MIIEv${line}${letters}${letters.slice(0, 22)}`);
const begin = (kind = '') => `-----BEGIN ${kind}PRIVATE KEY-----`;
const end = (kind = '') => `-----END ${kind}PRIVATE KEY-----`;

describe('takes out', () => {
  it.each([
    ['an address', 'mail jo.smith+x@mail.example.co.uk now', `mail ${R} now`],
    ['an address at a number', 'from 123@163.com', `from ${R}`],
    ['an address with letters of any alphabet', 'josé@exämple.org', R],
    ["a commit's author", 'Co-authored-by: Jo <jo@example.com>', `Co-authored-by: Jo <${R}>`],
    ['an address after an escape', '"from\\njo@example.com"', `"from\\n${R}"`],
    ['an address after a domain', 'CORP\\jo@example.com', `CORP\\${R}`],
    ['a key of a model', `with sk-proj-${letters}_x ok`, `with ${R} ok`],
    ['another', `sk-ant-api03-${letters}`, R],
    ['a key after an escape', `{"text":"it is\\nsk-${letters}\\n"}`, `{"text":"it is\\n${R}\\n"}`],
    ['a token of GitHub', `ghp_${letters}`, R],
    ['a short-lived one', `remote: ghs_${letters}.`, `remote: ${R}.`],
    ['a fine-grained one', `github_pat_11ABC_${letters}`, R],
    ['a token of GitLab', 'glpat-abcDEF0123456789-_xy', R],
    ['a key of Amazon', 'id AKIAIOSFODNN7EXAMPLE,', `id ${R},`],
    ['a token of Slack', 'xoxb-123456789012-abcdefGHIJ', R],
    ['a key of Google', `AIza${letters}`, R],
    ['a token of npm', `npm_${letters}`, R],
    ['a web token', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB9 end', `got ${R} end`],
    ['the head of a web token', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9', R],
    ["a user's seed", `seed ${seed('U')}`, `seed ${R}`],
    ["an account's seed", seed('A'), R],
    ["an operator's seed", `(${seed('O')})`, `(${R})`],
    ['a header', 'Authorization: Bearer abc', `Authorization: Bearer ${R}`],
    [
      'a header of a request',
      `curl -H "Authorization: Basic dXNlcjpwYXNz" /x`,
      `curl -H "Authorization: Basic ${R}" /x`,
    ],
    ['a header without a scheme', 'authorization: 0a1b2c3d4e', `authorization: ${R}`],
    ['a header as JSON', '{"Authorization":"token abc","a":1}', `{"Authorization":"token ${R}","a":1}`],
    ['a bearer without a header', 'sent Bearer abc123def456 to it', `sent Bearer ${R} to it`],
    ['a cookie', 'Set-Cookie: sid=abc; Path=/', `Set-Cookie: ${R}`],
    ['a header with a key', 'x-api-key: plain', `x-api-key: ${R}`],
    ['a variable', 'KEY=abcdef next', `KEY=${R} next`],
    ['a longer variable', 'export OPENAI_API_KEY=abc', `export OPENAI_API_KEY=${R}`],
    ['a variable with quotes', "DEPLOY_KEY_2='a b'", `DEPLOY_KEY_2='${R}'`],
    ['a secret key', 'AWS_SECRET_ACCESS_KEY=/aB1cD/eF+gH=', `AWS_SECRET_ACCESS_KEY=${R}`],
    ['a pass', 'DB_PASS=hunter', `DB_PASS=${R}`],
    ['a token', 'token: abc123def456', `token: ${R}`],
    ['a token of YAML', '  auth_token: plainword', `  auth_token: ${R}`],
    ['a JSON key', '{"api_key": "x y", "n": 1}', `{"api_key": "${R}", "n": 1}`],
    [
      'an escaped JSON key',
      '"{\\"api_key\\": \\"x\\\\y\\", \\"n\\": 1}"',
      `"{\\"api_key\\": \\"${R}\\", \\"n\\": 1}"`,
    ],
    ['a password with an escaped quote', '"password": "a\\"b", 1', `"password": "${R}", 1`],
    ['a password with punctuation', 'PASSWORD=a,b;c&d next', `PASSWORD=${R} next`],
    ['a number as password', 'password: 123456', `password: ${R}`],
    ['a passphrase', 'passphrase="correct horse battery"', `passphrase="${R}"`],
    ['a password in a member', 'env["DB_PASSWORD"] = "x1"', `env["DB_PASSWORD"] = "${R}"`],
    ['a typed constant', 'const password: string = "x1";', `const password: string = "${R}";`],
    ['a hash rocket', ":client_secret => 'x1'", `:client_secret => '${R}'`],
    ['a camel-case name', 'accessToken: "x1"', `accessToken: "${R}"`],
    ['a name with a space', 'Incorrect API key: abc', `Incorrect API key: ${R}`],
    ['a flag', 'tool --password hunter2 --verbose', `tool --password ${R} --verbose`],
    ['a flag with a sign', 'tool --api-key=abc --verbose', `tool --api-key=${R} --verbose`],
    ['a longer flag', 'tool --registry-token abc123', `tool --registry-token ${R}`],
    ['a line of an .npmrc', '//registry.example/:_authToken=abc', `//registry.example/:_authToken=${R}`],
    ['a line of a .netrc', 'machine x login jo password abc', `machine x login jo password ${R}`],
    ['a user of curl', 'curl -sS -u jo:abc https://x', `curl -sS -u jo:${R} https://x`],
    ['a link with a password', 'nats://jo:pa@ss:w@127.0.0.1:4222/x', `nats://${R}@127.0.0.1:4222/x`],
    ['a link with an empty user', 'redis://:abc@cache:6379', `redis://${R}@cache:6379`],
    [
      'a link with a token',
      'https://0123456789abcdef01234567@sentry.example/1',
      `https://${R}@sentry.example/1`,
    ],
    ['a signed link', 'https://x/?a=1&sig=aB1cD2&b=2', `https://x/?a=1&sig=${R}&b=2`],
    ['a link with an encoded token', `u=a%3Dghp_${letters}`, `u=a%3D${R}`],
    ['a token in a query', '/x?token=abc123&page=2', `/x?token=${R}&page=2`],
    ['a webhook', 'https://hooks.slack.com/services/T0/B0/abc', `https://hooks.slack.com/services/${R}`],
    ['an element', '<password>abc</password>', `<password>${R}</password>`],
    ['a link under a secret name', 'secret: redis://u:pw@h/1', `secret: redis://${R}@h/1`],
    ['several at once', 'A_KEY=abcd B_KEY=efgh', `A_KEY=${R} B_KEY=${R}`],
    ['a secret behind a harmless value', 'token=a; password=b', `token=a; password=${R}`],
  ])('%s', (_, text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });
});

describe('leaves', () => {
  it.each([
    'commit 9f2c1d7e4b8a6350c1d2e3f4a5b6c7d8e9f0a1b2',
    'sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '- run_id: 343ec35e-848a-460d-971e-9ca291d3b1fb',
    'tokens used 1,234',
    'tokens: 1234, total_tokens=99, "input_tokens": 12000, max_token: 4096',
    '@orchestrator please look; @app.route("/x"), @types/node',
    'mail to orchestrator and worker-1',
    '✓ test/unit/shared/ledger/redact.test.ts (61 tests) 42ms',
    ' PASS  src/login.test.ts > rejects a wrong password (3 ms)',
    'PASS=12 FAIL=0 KEY=1',
    "Error: ENOENT: no such file or directory, open '/home/me/.config/keys.json'",
    '    at Object.<anonymous> (/home/me/repos/app/src/token.ts:12:34)',
    'npm i lodash@4.17.21 vitest@4.1.12-beta.rc actions/checkout@v4.1.1 logo@2x.png',
    'getty@tty1.service, git@github.com:org/repo.git, ssh://git@example.com/x.git',
    'http://127.0.0.1:8222/varz?subs=1 nats://localhost:4222 https://x.example:443/a@b',
    'PWD=/home/me/work',
    'credentials: ~/.aws/credentials',
    'private_key: /etc/ssl/private/server.pem',
    'SyntaxError: Unexpected token: punctuation',
    'cache restored from key: linux-node-20',
    'interface Login { password: string; token?: string | undefined; apiKey: string }',
    'const token = await login(password); if (token === other) return;',
    `password: process.env.DB_PASSWORD, secret: \${SECRET}, api_key: $API_KEY`,
    'password: passwords.core, secret: this.#secret.toString(36), :param password: The password',
    'see access token: https://example.com/docs',
    'password: req.body.password, token: z.string().min(8)',
    'Token::new(secret) -> Secret::from(password)',
    'the key=value form, monkey: banana, author: jo',
    '<div class="sk-fading-circle sk-circle-fade-dot-long-name">',
    'task-abcdefghijklmnop12345 risk-abcdefghijklmnop12345',
    'npm_config_registry npm_lifecycle_event hf_hub_download',
    'Basic authentication and bearer tokens-are supported',
    '-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----',
    'Password:',
    '"password": "", "secret": null, "credentials": "include"',
    'total 1,234 lines; 56% done; a=b; x: y',
    '',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('a private key', () => {
  const whole = (kind = '') => [begin(kind), ...body, 'abc=', end(kind)];

  it.each(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])('of kind %j goes as a whole', (kind) => {
    expect(redact(['before', ...whole(kind), 'after'].join('\n'))).toBe(`before\n${R}\nafter`);
  });

  it('of PGP goes too', () => {
    const text = `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${body.join('\n')}\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----`;
    expect(redact(`a\n${text}\nb`)).toBe(`a\n${R}\nb`);
  });

  it('within a string goes too', () => {
    expect(redact(`{"key":"${whole().join('\\n')}\\n","a":1}`)).toBe(`{"key":"${R}\\n","a":1}`);
  });

  it('whose end is missing goes up to its last line', () => {
    expect(redact(['a', begin('RSA '), ...body, 'abc=', 'All tests passed'].join('\n'))).toBe(
      `a\n${R}\nAll tests passed`,
    );
    expect(redact(['a', begin(), ...body, body[0]!.slice(0, 7)].join('\n'))).toBe(`a\n${R}`);
    expect(redact(`a\n${begin()}\nMIIEv`)).toBe(`a\n${R}`);
  });

  it('whose beginning is missing goes from its first line', () => {
    expect(redact([...body, 'abc=', end(), 'after'].join('\n'))).toBe(`${R}\nafter`);
    expect(redact([`…${body[0]!.slice(-9)}`, ...body, end()].join('\n'))).toBe(`…${R}`);
    expect(redact(['running the tests', ...body, 'abc=', end()].join('\n'))).toBe(`running the tests\n${R}`);
    expect(redact(`"${body.join('\\n')}\\n${end()}"`)).not.toMatch(/MIIEv/);
  });

  it('with headers, line numbers or the marks of a diff goes too', () => {
    const headed = [begin('RSA '), 'Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,AB01', '', ...body];
    expect(redact([...headed, 'All done'].join('\n'))).toBe(`${R}\nAll done`);
    const numbered = [begin(), ...body].map((line, at) => `  ${at + 1}→${line}`);
    expect(redact(numbered.join('\n'))).toBe(`  1→${R}`);
    expect(redact([begin(), ...body].map((line) => `-${line}`).join('\n'))).not.toMatch(/MIIEv/);
  });

  it('of which only the marks are mentioned eats no text', () => {
    const text = `looks for ${begin()} in a file\nand then goes on`;
    expect(redact(text)).toBe(`looks for ${R} in a file\nand then goes on`);
  });

  it('without an end does not eat up to the end of another one', () => {
    const text = [begin(), 'one two three', ...Array<string>(600).fill('ordinary text of a test run'), end()];
    expect(redact(text.join('\n')).match(/ordinary text/g)).toHaveLength(600);
  });
});

describe('lines of base64 that nothing names', () => {
  it('go, with a shorter one behind them', () => {
    expect(redact(['before', ...body, 'after all'].join('\n'))).toBe(`before\n${R}\nafter all`);
    expect(redact(['before', ...body, 'MIIE0abC', 'after'].join('\n'))).toBe(`before\n${R}\nafter`);
    expect(redact([...body, 'abcde=', 'done'].join('\n'))).toBe(`${R}\ndone`);
  });

  it('go with what is left of a line that was cut', () => {
    expect(redact([`…${body[0]!.slice(-9)}`, ...body].join('\n'))).toBe(`…${R}`);
    expect(redact(['words', ...body].join('\n'))).toBe(`words\n${R}`);
  });

  it.each([
    ['escaped', body.join('\\n')],
    ['escaped twice', body.join('\\\\r\\\\n')],
    ['quoted', body.map((line) => `  "${line}",`).join('\n')],
    ['numbered', body.map((line, at) => `  ${at + 1}→${line}`).join('\n')],
    ['of a diff', body.map((line) => `-${line}`).join('\n')],
    ['with times before them', body.map((line) => `12:00:01 w1 ${line}`).join('\n')],
    ['with carriage returns', body.join('\r\n')],
  ])('%s go', (_, text) => {
    expect(redact(`a\n${text}\nb`)).not.toMatch(/MIIEv/);
  });

  it.each([
    ['two of them', body.slice(0, 2)],
    ['hashes', Array<string>(4).fill('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')],
    ['commits', Array<string>(4).fill('9f2c1d7e4b8a6350c1d2e3f4a5b6c7d8e9f0a1b2 Fix 1 Thing')],
    ['rulers', Array<string>(4).fill('='.repeat(80))],
    ['fillers', Array<string>(4).fill('x'.repeat(999))],
    [
      'paths of files',
      Array<string>(4).fill('src/main/java/org/example/project2/service/implementation/UserService.java'),
    ],
    [
      'tests',
      Array<string>(4).fill(' ✓ test/unit/shared/ledger/redact.test.ts > A key > of kind RSA goes 42ms'),
    ],
    [
      'hashes of a lock file between other lines',
      [0, 1, 2, 3].flatMap((at) => [`    "version": "1.${at}.0",`, `    "integrity": "sha512-${body[0]}=="`]),
    ],
  ])('%s stay', (_, lines) => {
    expect(redact(lines.join('\n'))).toBe(lines.join('\n'));
  });
});

test('what is redacted once stays as it is', () => {
  const piece = fc.constantFrom(
    ...['token=abc123def', 'password: "x y"', 'API_KEY=a,b', 'Authorization: Bearer abc', 'cookie: a=b; c'],
    ...[
      'nats://u:p@h:1',
      'jo@example.com',
      `sk-${letters}`,
      '"token": "abc123"',
      '--password x',
      'Bearer a1b2c3d4',
    ],
    ...[
      'word',
      'password:',
      'token',
      '/home/me',
      '1,234',
      '{',
      '}',
      '"',
      '\n',
      '\\"api_key\\": \\"x\\"',
      begin(),
      end(),
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = redact(pieces.join(' '));
      expect(redact(once)).toBe(once);
    }),
    { numRuns: 500 },
  );
});

test('a secret is found among whatever stands around it, when a space does', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (before, after) => {
      expect(redact(`${before} ghp_${letters} ${after}`)).not.toContain(letters);
    }),
  );
});

/** A pattern that looks at the same text again and again would need hours for these, not moments. */
const adversarial = [
  ...[
    'a',
    '@',
    'a@a.',
    'a@a.a.a',
    'é',
    ' ',
    '\n',
    '"',
    '\\',
    '\\n',
    '://',
    '://a:',
    '://a:b@',
    '.',
    '-',
    '=',
  ],
  ...[
    'token=',
    'token: "a ',
    'token:\\"a ',
    'token:\'b token:"c ',
    'password: ',
    'password=a.b',
    'password=/home/',
  ],
  ...[
    'token=${',
    'KEY=',
    'key=',
    '?key=',
    'key=1',
    'cookie:',
    'cookie:a',
    '--token ',
    '--a-',
    'secret',
    'S',
    'SU',
  ],
  ...['eyJ', 'eyJa.', 'sk-', '-sk-a', 'xox', 'AKIA', '1', '%41', 'authorization:', 'Authorization: Bearer '],
  ...[
    'Bearer ',
    'login a password',
    'curl ',
    'curl -u a',
    'password>',
    'Proc-Type:',
    '12:',
    'password: string=',
  ],
  ...[`${body[0]}\n`, `${body[0]}\\n`, `${body[0]}==`, `${body[0]} `],
  ...[begin(), end(), `${begin()} `, `${begin()}\nMIIE\n`, '-----BEGIN ', body[0]!],
];

test('a line of 512 KiB of any trap ends', () => {
  for (const trap of adversarial) {
    const line = trap.repeat((512 * 1024) / trap.length);
    expect(redact(line).length).toBeLessThanOrEqual(3 * line.length);
  }
});

test('a line of 1 MiB ends, and what stands at its end is found', () => {
  const traps = adversarial.join('').replaceAll('\n', ' ');
  for (const filler of [traps, 'word ', 'x', '{"a":"b",'])
    expect(redact(`${filler.repeat((1024 * 1024) / filler.length)}" ghp_${letters}`)).not.toContain('ghp_');
});

test('long lines of mixed traps end', () => {
  const mixed = fc.array(fc.constantFrom(...adversarial), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(mixed, (pieces) => {
      const line = pieces.join('').repeat(2_000);
      expect(redact(line).length).toBeLessThanOrEqual(3 * line.length);
    }),
  );
});
