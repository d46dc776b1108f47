/**
 * The demo's project: a temporary folder with the `waggle.yaml` and the task file that a person would write, and
 * beside them the two scripts. The repository is elsewhere, or in a folder of its own.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { TaskSpec } from '../../schemas/index.ts';
import { type Formatter, findFormatter, formatterSettings } from './formatter.ts';
import { gateScript, toolScript } from './tool-scripts.ts';

export interface ToolFolder {
  readonly folder: string;
  readonly formatter: Formatter;
}

/** The formatter with its settings, in the new folder `tool` of `root`. */
export async function makeToolFolder(root: string): Promise<ToolFolder> {
  const folder = join(root, 'tool');
  await mkdir(folder);
  const settings = join(folder, 'biome.json');
  await writeFile(settings, formatterSettings);
  return { folder, formatter: findFormatter(settings) };
}

export interface ProjectOptions {
  readonly root: string;
  readonly project: string;
  readonly tool: ToolFolder;
  readonly home: string;
  readonly lane: string;
  readonly workers: number;
  readonly indexFile: string;
  readonly tasks: readonly TaskSpec[];
}

const GATE = 'VG-PARSES';

/** Writes `waggle.yaml`, `tasks.yaml` and the scripts under `root`. Gives the path of the task file. */
export async function writeProject(options: ProjectOptions): Promise<string> {
  const { root, project, tool, home, lane, workers, indexFile, tasks } = options;
  const places = {
    toolFolder: tool.folder,
    formatter: tool.formatter,
    node: process.execPath,
    indexFile,
  };
  const toolPath = join(tool.folder, 'tool.sh');
  const gatePath = join(tool.folder, 'gate.sh');
  const config = {
    project,
    lanes: { [lane]: { home, gates: [GATE] } },
    gates: { [GATE]: { run: ['sh', gatePath], timeout: '1m' } },
    profiles: { formatter: { command: ['sh', toolPath, '{prompt_file}'], timeout: '2m' } },
    workers: { count: workers, profile: 'formatter', checkpoint: '300ms' },
    policies: { backoff: '200ms', lease: '2s' },
  };
  const taskFile = join(root, 'tasks.yaml');
  await Promise.all([
    writeFile(toolPath, toolScript(places)),
    writeFile(gatePath, gateScript(places)),
    writeFile(join(root, 'waggle.yaml'), stringify(config)),
    writeFile(taskFile, stringify({ defaults: { lane }, tasks })),
  ]);
  return taskFile;
}
