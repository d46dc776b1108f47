/**
 * `waggle` in this process, against a hive: what a person types, and what it prints. Faster than processes of its
 * own, and with the same parsers, connections and words.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runProgram } from '../../services/cli/program.ts';
import type { Session } from '../../services/cli/session.ts';
import { writeBusFile } from '../../shared/config/bus-file.ts';
import type { TestNatsServer } from './nats-server.ts';
import { project } from './orchestrator.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LineOptions {
  readonly input?: string;
  readonly agent?: string;
  readonly folder?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with each piece of standard output. */
  readonly onOutput?: (all: string) => void;
}

export interface CommandLine {
  /** A folder with `.waggle/bus.json`, where the commands run. */
  readonly folder: string;
  run(words: readonly string[], options?: LineOptions): Promise<Said>;
  /** The answer of a command that must succeed, with `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
  json(...words: string[]): Promise<any>;
  close(): void;
}

/** The command line of a project whose bus is that server. */
export async function commandLine(server: TestNatsServer): Promise<CommandLine> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'waggle-line-')));
  const login = ({ user, password }: { user: string; password: string }) => ({ user, password });
  await writeBusFile(folder, {
    v: 1,
    project,
    urls: server.urls,
    core: login(server.core),
    swarm: login(server.swarm),
    agent: login(server.workerSwarm),
    server: { version: 'test', pid: process.pid, durability: 'kill-safe' },
  });
  const run = async (words: readonly string[], options: LineOptions = {}): Promise<Said> => {
    let stdout = '';
    let stderr = '';
    const stdin = Readable.from(options.input === undefined ? [] : [options.input]);
    const session: Session = {
      folder: options.folder ?? folder,
      variables: {
        PATH: process.env['PATH'],
        ...(options.agent === undefined ? {} : { FMAIL_AGENT: options.agent }),
        ...options.variables,
      },
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: {
        write: (text) => {
          stdout += text;
          options.onOutput?.(stdout);
        },
      },
      stderr: {
        write: (text) => {
          stderr += text;
        },
      },
      signal: options.signal ?? new AbortController().signal,
    };
    const code = await runProgram(words, session);
    return { code, stdout, stderr };
  };
  return {
    folder,
    run,
    async json(...words) {
      const { code, stdout, stderr } = await run([...words, '--json']);
      if (code !== 0) throw new Error(`waggle ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
      return JSON.parse(stdout);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One object for each line of JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
export const records = (stdout: string): any[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
