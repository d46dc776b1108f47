/**
 * `waggle mcp`: mail and the task in hand as tools of the Model Context Protocol, for harnesses that speak it.
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import { serveStdio } from '../mcp/stdio.ts';

const text = `
In a run (WAGGLE_SOCKET is set) it speaks for that run's agent and offers the task tools too. Elsewhere it offers mail
over the bus, as FMAIL_AGENT. A harness starts it:

  {"mcpServers": {"waggle": {"command": "waggle", "args": ["mcp"]}}}

Example:
  waggle mcp`;

/** `waggle mcp`: serves until standard input closes. */
export const build: CommandModule['build'] = (session) =>
  new Command('mcp')
    .description('offer mail and the task in hand as MCP tools on standard input and output')
    .addHelpText('after', text)
    .action(() => serveStdio(session));
