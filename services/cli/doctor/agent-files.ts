/**
 * What else an agent wrote for its successor: the name of its directory, its records of trees and process groups, words of
 * operators that wait for a run.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStateId, STATE_ID } from '../../../shared/process/state-lock.ts';
import { readTreeRecord } from '../gc/tree-record.ts';
import type { Fault } from './report.ts';

const MOST = 1_000;

/** `folder`: the agent's state directory. */
export async function lookAtAgentFiles(folder: string, runs: boolean): Promise<Fault[]> {
  return [
    ...(await stateIdFaults(folder)),
    ...(await treeFaults(folder, runs)),
    ...(await unreadable(
      join(folder, 'operator'),
      "an operator's word",
      (path) => `it reaches no run: send it again (\`waggle msg\`), then remove ${path}`,
    )),
    ...(await unreadable(
      join(folder, 'groups'),
      'the record of a process group',
      () =>
        'the agent drops it when it starts; what still runs of that run is found by WAGGLE_RUN in its environment and ended',
    )),
  ];
}

async function stateIdFaults(folder: string): Promise<Fault[]> {
  const file = join(folder, STATE_ID);
  const id = await readFile(file, 'utf8').catch(() => undefined);
  const aside = `${file}.unreadable`;
  const isAside = (await readdir(folder)).includes(`${STATE_ID}.unreadable`);
  const after =
    'with a new id it counts as another place: it waits a lease before it claims, trees of before stay where they are (`work/`) until somebody has looked at them';
  if (isAside) {
    const error = `${aside}: the directory lost its id and has a new one`;
    return [{ status: 'warn', error, mend: `${after}; then remove ${aside}` }];
  }
  if (id === undefined || isStateId(id.trim())) return [];
  return [{ status: 'warn', error: `${file} holds no id`, mend: `start the agent: ${after}` }];
}

/** A running agent may be about to write a tree's record, or to remove the tree. */
async function treeFaults(folder: string, runs: boolean): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const run of (await namesIn(join(folder, 'work'))).slice(0, MOST)) {
    const record = await readTreeRecord(join(folder, 'runs', run));
    if (record !== undefined) continue;
    const tree = join(folder, 'work', run);
    if (runs && !(await namesIn(join(folder, 'work'))).includes(run)) continue;
    const error = `nothing that can be read says whose work ${tree} holds (${join(folder, 'runs', run, 'run.json')})`;
    const mend = `\`git -C ${tree} status\` shows what it holds; keep what is worth it, then \`rm -r ${tree}\``;
    faults.push({ status: 'warn', error, mend });
  }
  return faults;
}

/** Files of JSON that hold no object. */
async function unreadable(folder: string, what: string, mend: (path: string) => string): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const name of (await namesIn(folder)).filter((one) => one.endsWith('.json')).slice(0, MOST)) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    // Told and removed meanwhile.
    if (text === undefined || isObject(text)) continue;
    faults.push({ status: 'warn', error: `${path}, ${what}, cannot be read`, mend: mend(path) });
  }
  return faults;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
