import { describe, expect, test } from 'vitest';
import {
  chooseProject,
  type NamedProject,
  type ProjectSource,
  projectElsewhere,
} from '../../../../shared/config/project-choice.ts';

const from: Partial<Record<ProjectSource, string>> = {
  environment: 'FMAIL_PROJECT',
  config: '/r/waggle.yaml',
  'mail-file': '/r/.fmail/project.json',
  bus: '/r/.waggle/bus.json',
  remote: 'git remote https://host.test/a/b',
};
const named = (name: string, source: ProjectSource): NamedProject => ({
  name,
  source,
  from: from[source] ?? source,
});

const environment = named('a', 'environment');
const config = named('b', 'config');
const mailFile = named('c', 'mail-file');
const bus = named('d', 'bus');

describe('the project is the one that', () => {
  test.each([
    ['the environment names, whatever else says', { environment, config, mailFile, bus }, environment],
    ['waggle.yaml names, whatever the bus was started for', { config, bus }, config],
    ['both files name', { config, mailFile: { ...mailFile, name: 'b' }, bus }, config],
    ["the mail tool's file names", { mailFile, bus }, mailFile],
    ['the bus was started for', { bus }, bus],
    ['nobody names', {}, undefined],
  ])('%s', (_, all, chosen) => {
    expect(chooseProject(all)).toBe(chosen);
  });
});

test('two files that name two are a mismatch that says where each comes from and what to type', () => {
  const told =
    'two projects are named: b (/r/waggle.yaml) and c (/r/.fmail/project.json); `fmail init --project b` keeps b; for c change `project` in /r/waggle.yaml';
  expect(() => chooseProject({ config, mailFile, bus })).toThrow(
    expect.objectContaining({ code: 'project-mismatch', message: told, exitCode: 1 }),
  );
});

describe('a project that is served elsewhere says what to type', () => {
  const both = { ...environment, from: 'WAGGLE_PROJECT and FMAIL_PROJECT' };
  test.each([
    [environment, '`export FMAIL_PROJECT=d`'],
    [both, '`export WAGGLE_PROJECT=d FMAIL_PROJECT=d`'],
    [config, '`export FMAIL_PROJECT=d`, or change `project` in /r/waggle.yaml, or `waggle up` for b'],
    [mailFile, '`fmail init --project d`'],
    [named('e', 'remote'), '`export FMAIL_PROJECT=d`'],
  ])('when $from named it', (asked, mend) => {
    expect(projectElsewhere(asked, bus, 'nats://h').message).toBe(
      `project ${asked.name} (${asked.from}) has no orchestrator on the bus of nats://h, but d (/r/.waggle/bus.json) has; ${mend}`,
    );
  });
});
