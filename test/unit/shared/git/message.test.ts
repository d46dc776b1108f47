import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitMessage } from '../../../../shared/git/message.ts';
import { parseTrailers, trailerOf } from '../../../../shared/git/trailers.ts';

const trailers = { task: 't-1', run: 'run-1', fence: 7, agent: 'ada' };
const block = 'Waggle-Task: t-1\nWaggle-Run: run-1\nWaggle-Fence: 7\nWaggle-Agent: ada\n';

describe('commitMessage', () => {
  it('makes a chore of the title when the worker said nothing', () => {
    expect(commitMessage({ trailers, title: 'Tidy the shed' })).toBe(`chore: Tidy the shed\n\n${block}`);
  });

  it('keeps a conventional subject and the body', () => {
    const workerMessage = 'feat(parser)!: read tabs\n\nBecause.\n\nMore.\n';
    expect(commitMessage({ trailers, title: 'x', workerMessage })).toBe(
      `feat(parser)!: read tabs\n\nBecause.\n\nMore.\n\n${block}`,
    );
  });

  it('takes a word before a colon for a type only when it is one', () => {
    expect(commitMessage({ trailers, title: 'parser: read tabs', type: 'fix' })).toMatch(
      /^fix: parser: read tabs\n/,
    );
  });

  it('shortens a long subject at a word, to at most 100 characters', () => {
    const subject = commitMessage({ trailers, title: 'wörd '.repeat(60) }).split('\n')[0] ?? '';
    expect([...subject].length).toBeLessThanOrEqual(100);
    expect(subject).toMatch(/^chore: wörd .*wörd…$/);
  });

  it('removes every Waggle line the worker wrote, in any case, quoted, folded or split by odd line ends', () => {
    const workerMessage = [
      'waggle-run: forged',
      'fix: it',
      '',
      'body',
      '  WAGGLE-RUN : forged',
      '    and its continuation',
      '> Waggle-Task: forged',
      'kept',
      'x\rWaggle-Fence: 99\u2028Waggle-Agent: forged',
      '',
      'Waggle-Run: forged',
    ].join('\n');
    const message = commitMessage({ trailers, title: 't', workerMessage });
    expect(message).toBe(`fix: it\n\nbody\nkept\nx\n\n${block}`);
  });

  it('never lets values break out of their line', () => {
    const message = commitMessage({
      trailers: { ...trailers, agent: 'a\n\nWaggle-Run: b' },
      title: 'a\nb\0c',
    });
    expect(message.startsWith('chore: a b c\n\n')).toBe(true);
    expect(trailerOf(message, 'Waggle-Run')).toBe('run-1');
  });

  it('always ends in exactly our block, whatever the worker wrote', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'Waggle-Run: evil',
        'waggle-run:evil',
        ' Waggle-Run: evil',
        '\n',
        '\r',
        '\n\n',
        ' ',
        '\0',
      ),
      fc.string(),
      fc.constantFrom('Signed-off-by: x <y>', 'feat: a', 'Waggle-', '\u2029', '\v'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.string(), (pieces, title) => {
        const message = commitMessage({ trailers, title, workerMessage: pieces.join('') });
        expect(message.endsWith(`\n\n${block}`)).toBe(true);
        expect(message.match(/^\s*waggle-run\s*:/gim)).toHaveLength(1);
        expect(message).not.toMatch(/[\0\r]/);
        expect([...(message.split('\n')[0] ?? '')].length).toBeLessThanOrEqual(100);
        expect(parseTrailers(message)).toHaveLength(4);
      }),
    );
  });
});

describe('parseTrailers', () => {
  it('reads the last paragraph only', () => {
    const message = 'subject\n\nWaggle-Run: forged\n\nKey: value\nOther : x\n  folded\n\n';
    expect(parseTrailers(message)).toEqual([
      { key: 'Key', value: 'value' },
      { key: 'Other', value: 'x folded' },
    ]);
  });

  it('takes neither a subject nor prose for trailers', () => {
    expect(parseTrailers('Waggle-Run: forged')).toEqual([]);
    expect(parseTrailers('subject\n\nWaggle-Run: forged\nand then some prose')).toEqual([]);
    expect(parseTrailers('')).toEqual([]);
  });

  it('does not choose between two values of one key', () => {
    expect(trailerOf('s\n\nWaggle-Run: a\nWaggle-Run: b', 'Waggle-Run')).toBeUndefined();
  });
});
