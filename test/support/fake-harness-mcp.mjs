/**
 * A harness that speaks the Model Context Protocol: starts `waggle mcp` as real ones do, works through what a small
 * task needs, and mails what it saw to the topic `harness`. Arguments: the script of `waggle`, the file of the prompt.
 */
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [script, promptFile] = process.argv.slice(2);
const client = new Client({ name: 'harness', version: '1' });
const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined));
await client.connect(new StdioClientTransport({ command: process.execPath, args: [script, 'mcp'], env }));

const { tools } = await client.listTools();
const call = async (name, args = {}) => {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
  return isError ? { error: content[0].text } : (structuredContent ?? content[0].text);
};
const seen = {
  tools: tools.length,
  instructions: client.getInstructions(),
  prompt: readFileSync(promptFile, 'utf8'),
  current: await call('task_current'),
  inbox: await call('mail_inbox'),
  progress: await call('task_progress', { text: 'half way' }),
  added: await call('task_add', { title: 'Found on the way', expects: 'none', requires_nothing: true }),
  more: await call('task_add', { title: 'Found on the way', id: 'found', expects: 'none', deps: ['nobody'] }),
  next: await call('task_next'),
  done: await call('task_done', { note: 'all well' }),
};
await call('mail_send', { to: 'harness', body: JSON.stringify(seen) });
await client.close();
