/**
 * `waggle doctor` against a hive, as a person would ask it: what it found, by the names of its checks.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check, DoctorReport } from '../../services/cli/doctor/report.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { TestNatsServer } from './nats-server.ts';
import { project } from './orchestrator.ts';
import { makeRepository } from './repository.ts';

export interface TestDoctor {
  readonly line: CommandLine;
  /** The lane's repository, which is no part of the project's folder. */
  readonly home: string;
  /** All checks. */
  report(): Promise<DoctorReport>;
  check(name: string): Promise<Check>;
  /** The same as a line of the table, with what mends it. */
  said(name: string): Promise<string>;
  close(): void;
}

export async function startDoctor(server: TestNatsServer): Promise<TestDoctor> {
  const line = await commandLine(server);
  const home = makeRepository(join(line.folder, 'home'), { 'a.txt': 'one\n' });
  const yaml = `project: ${project}\nlanes: { main: { home: home } }\nprofiles: { default: { command: ['true'] } }\n`;
  writeFileSync(join(line.folder, 'waggle.yaml'), yaml);
  const report = async (): Promise<DoctorReport> =>
    JSON.parse((await line.run(['doctor', '--json'])).stdout) as DoctorReport;
  return {
    line,
    home,
    report,
    async check(name) {
      const found = (await report()).checks.find((check) => check.name === name);
      if (found === undefined) throw new Error(`doctor has no check ${name}`);
      return found;
    },
    async said(name) {
      const { stdout } = await line.run(['doctor']);
      const found = stdout.split('\n').find((row) => new RegExp(`^\\w+ +\\w+ +${name} `).test(row));
      if (found === undefined) throw new Error(`doctor says nothing of ${name}: ${stdout}`);
      return found;
    },
    close: () => line.close(),
  };
}
