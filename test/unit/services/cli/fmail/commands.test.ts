import { describe, expect, it } from 'vitest';
import { commands, findCommand } from '../../../../../services/cli/fmail/commands.ts';
import { commandHelp, programHelp, usageOf } from '../../../../../services/cli/fmail/help.ts';

describe('the command table', () => {
  it('has the commands and aliases that prompts know', () => {
    const known = ['send', 'log', 'messages', 'watch', 'who', 'status', 'register', 'topics'];
    expect(known.map((name) => findCommand(name)?.name)).toEqual(known);
    expect([findCommand('logs')?.name, findCommand('topic')?.name]).toEqual(['log', 'topics']);
    expect(findCommand('frobnicate')).toBeUndefined();
  });

  it('names each command and alias once, in order', () => {
    const names = commands.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    const all = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(all).size).toBe(all.length);
  });

  it.each(commands.map((row) => [row.name, row] as const))(
    '%s has distinct flags, and a file that runs',
    async (_, row) => {
      const flags = row.flags ?? [];
      const short = flags.flatMap((flag) => (flag.short === undefined ? [] : [flag.short]));
      expect([new Set(flags.map(({ name }) => name)).size, new Set(short).size]).toEqual([
        flags.length,
        short.length,
      ]);
      expect(short).not.toContain('h');
      expect(row.summary).toMatch(/^[A-Z].*[^.]$/);
      expect(row.json !== undefined).toBe(flags.some(({ name }) => name === 'json'));
      expect((await row.load()).run).toBeTypeOf('function');
    },
  );
});

describe('help', () => {
  it('of the program lists every command', () => {
    const help = programHelp(commands);
    for (const { name, summary } of commands)
      expect(help.replaceAll(/ +/g, ' ')).toContain(`\n ${name} ${summary}\n`);
    expect(help).toContain('FMAIL_AGENT is your name.');
  });

  it('of a command tells usage, arguments, flags and examples', () => {
    const send = findCommand('send')!;
    expect(usageOf(send)).toBe('fmail send <topic|@agent> [message] [flags]');
    expect(usageOf(findCommand('messages')!)).toBe('fmail messages [flags]');
    const help = commandHelp(send);
    expect(help).toMatch(/^Send a message to a topic or agent\n\nUsage:\n {2}fmail send <topic\|@agent>/);
    expect(help).toMatch(/^ {2}-r, --reply-to id +Reference a previous message ID$/m);
    expect(help).toMatch(/^ {6}--json +Output the message as JSON$/m);
    expect(help).toMatch(/^ {2}-h, --help +Help for send$/m);
    expect(commandHelp(findCommand('logs')!)).toContain('Aliases:\n  log, logs\n');
  });
});
