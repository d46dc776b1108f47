import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { TaskGrant } from '../../../../schemas/index.ts';
import {
  type EarlierWork,
  type PromptInput,
  promptPieces,
  promptText,
} from '../../../../services/worker/prompt.ts';
import { recordPrompt } from '../../../../services/worker/prompt-record.ts';

const grant = (more: Partial<TaskGrant>): TaskGrant => ({
  kind: 'work',
  fence: 1,
  run: 'r',
  task: 't',
  title: 'The title',
  lease_ms: 1,
  expects: 'none',
  attempt: 1,
  gates: [],
  labels: [],
  paths: [],
  attachments: [],
  ...more,
});

const composePrompt = (
  of: TaskGrant,
  earlier?: EarlierWork,
  mail?: string,
  more: Partial<PromptInput> = {},
) =>
  promptText(
    promptPieces({
      grant: of,
      ...(earlier === undefined ? {} : { earlier }),
      ...(mail === undefined ? {} : { mail }),
      ...more,
    }),
  );

test("the task's own words stand first and untouched; a task without a body is its title", () => {
  expect(composePrompt(grant({}))).toBe('The title\n');
  expect(composePrompt(grant({ body: '  Do\n\n\tthis  ' }))).toBe('  Do\n\n\tthis\n');
});

test('progress and what earlier tries left follow under headings, in their order', () => {
  const prompt = composePrompt(
    grant({
      body: 'Do this.',
      note: 'half done\n',
      attachments: [
        { kind: 'conflict', at: 1, text: 'in a.txt' },
        { kind: 'gate', at: 2, text: 'VG-A\nred' },
        { kind: 'answer', at: 3, text: 'blue' },
      ],
    }),
  );
  expect(prompt).toBe(
    [
      'Do this.',
      '## Progress so far\n\nhalf done',
      '## An earlier change conflicted with what was committed meanwhile\n\nin a.txt',
      '## An earlier change did not pass its gates\n\nVG-A\nred',
      '## Answer to your question\n\nblue\n',
    ].join('\n\n'),
  );
});

test('what became of an earlier try stands before its progress note', () => {
  const resumed = (what: NonNullable<EarlierWork['resumed']>) =>
    composePrompt(grant({ body: 'Do this.', note: 'half done' }), { resumed: what, rescues: new Map() });
  expect(resumed({ kind: 'in-tree', ref: 'refs/x/1' })).toMatch(
    /^Do this.\n\n## Work of an earlier try is in your tree\n\n.*uncommitted.*`refs\/x\/1`.*\n\n## Progress so far\n\nhalf done\n$/,
  );
  const files = Array.from({ length: 23 }, (_, n) => `f${n}`);
  expect(resumed({ kind: 'conflict', ref: 'refs/x/1', files })).toMatch(
    /conflicts in f0, .*, f19 and 3 more/,
  );
  expect(resumed({ kind: 'lost', reason: 'it is gone' })).toContain('cannot be used: it is gone.');
});

test('a rescued tree is named with the ref under which it can be looked at, or why it cannot', () => {
  const checkpoint = {
    fence: 4,
    number: 1,
    base: 'a'.repeat(40),
    head: 'b'.repeat(40),
    file: { owner: 'w', sha256: 'c'.repeat(64), size_bytes: 1, chunks: 1 },
  };
  const rescue = { kind: 'rescue', fence: 4, at: 1, text: 'w stored its tree', checkpoint } as const;
  const said = (found: { ref: string } | { reason: string }) =>
    composePrompt(grant({ attachments: [rescue] }), { rescues: new Map([[4, found]]) });
  expect(said({ ref: 'refs/waggle/rescue/4' })).toContain('`git log -p HEAD..refs/waggle/rescue/4`');
  expect(said({ reason: 'its file is gone' })).toContain(
    'w stored its tree\n\nIt cannot be looked at: its file is gone',
  );
});

test('mail stands last, after everything of the operator', () => {
  const attachments = [{ kind: 'operator' as const, at: 1, text: 'hurry' }];
  const prompt = composePrompt(grant({ body: 'Do this.', attachments }), undefined, '## Mail for you\n\n…');
  expect(prompt).toBe('Do this.\n\n## Operator message\n\nhurry\n\n## Mail for you\n\n…\n');
});

test('every part stands in its order, and says where it comes from', () => {
  const pieces = promptPieces({
    grant: grant({
      body: 'Do this.',
      note: 'half done',
      paths: ['src', 'test/a.ts'],
      gates: [
        { name: 'VG-A', run: 'npm test', timeout_ms: 1 },
        { name: 'VG-B', run: ['node', 'b.js'], timeout_ms: 1 },
      ],
      attachments: [{ kind: 'failure', fence: 7, at: 1, text: 'red' }],
    }),
    protocol: { source: 'shipped single-task', text: 'How to work.' },
    context: { source: '/p/context.md', text: 'We use tabs.' },
    mail: '## Mail for you\n\none',
    messages: [{ id: 'm1', at: '2026-03-01T10:00:00.000Z', text: 'be quick' }],
  });
  expect(pieces.map(({ part, source }) => [part, source])).toEqual([
    ['task', 'task t'],
    ['protocol', 'shipped single-task'],
    ['context', '/p/context.md'],
    ['scope', 'task t'],
    ['note', 'task t'],
    ['attachment', 'failure of fence 7'],
    ['mail', 'unread mail'],
    ['operator', 'operator m1'],
  ]);
  expect(promptText(pieces)).toContain(
    '## Scope and gates\n\nChange only what lies under: `src`, `test/a.ts`.\nYour change must pass: VG-A (`npm test`), VG-B (`node b.js`).',
  );
  expect(promptText(pieces)).toMatch(/## Operator Message \(2026-03-01T10:00:00.000Z\)\n\nbe quick\n$/);
});

test("an operator's prompt takes the place of the task's own words, and of nothing else", () => {
  const pieces = promptPieces({
    grant: grant({ body: 'Do this.', note: 'half done' }),
    override: { id: 'o1', at: '2026-03-01T10:00:00.000Z', text: 'Only look.' },
  });
  expect(promptText(pieces)).toBe('Only look.\n\n## Progress so far\n\nhalf done\n');
  expect(pieces[0]).toMatchObject({ part: 'override', source: 'operator o1' });
});

test('what is kept of a prompt are its parts, their hashes, and that of the whole', () => {
  const pieces = promptPieces({ grant: grant({ body: 'Do this.', note: 'half done' }) });
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(recordPrompt(pieces)).toEqual({
    prompts: [
      { part: 'task', source: 'task t', sha256: sha256('Do this.'), bytes: 8 },
      {
        part: 'note',
        source: 'task t',
        sha256: sha256('## Progress so far\n\nhalf done'),
        bytes: 29,
      },
    ],
    prompt_sha256: sha256(promptText(pieces)),
  });
  const many = Array.from({ length: 80 }, (_, n) => ({ id: `${n}`, at: 'x', text: 'y' }));
  const { prompts } = recordPrompt(promptPieces({ grant: grant({}), messages: many }));
  expect(prompts).toHaveLength(64);
  expect(prompts.at(-1)).toMatchObject({ part: 'rest', source: '18 more parts' });
});
