import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../shared/config/environment.ts';

describe('the environment', () => {
  it('is read typed', () => {
    const env = {
      WAGGLE_NATS_URL: 'nats://127.0.0.1:4222',
      WAGGLE_NATS_CREDS: '/a/core.creds, /a/swarm.creds',
      WAGGLE_SOCKET: '/run/x.sock',
      WAGGLE_PROJECT: 'Demo',
      FMAIL_PROJECT: 'demo',
      FMAIL_ROOT: '/a/root',
      WAGGLE_TASK: 'A.1',
      WAGGLE_FENCE: '42',
      WAGGLE_RUN: 'r1',
      FMAIL_AGENT: ' Ann ',
      WAGGLE_LOG_LEVEL: 'debug',
      NO_COLOR: '1',
    };
    expect(readEnvironment(env)).toEqual({
      natsUrl: 'nats://127.0.0.1:4222',
      natsCreds: ['/a/core.creds', '/a/swarm.creds'],
      socket: '/run/x.sock',
      project: 'demo',
      projectFrom: 'WAGGLE_PROJECT and FMAIL_PROJECT',
      mailRoot: '/a/root',
      task: 'a.1',
      fence: 42,
      run: 'r1',
      agent: 'ann',
      logLevel: 'debug',
      noColor: true,
    });
  });

  it('gives nobody the name of the orchestrator', () => {
    expect(() => readEnvironment({ FMAIL_AGENT: 'Orchestrator' })).toThrow(
      "FMAIL_AGENT: orchestrator is the name of Waggle's own service",
    );
  });

  it('takes an empty variable for one that is not set', () => {
    const env = {
      WAGGLE_PROJECT: '',
      FMAIL_PROJECT: 'demo',
      NO_COLOR: '',
      FMAIL_AGENT: ' ',
      WAGGLE_NATS_CREDS: '',
    };
    expect(readEnvironment(env)).toEqual({
      natsCreds: [],
      logLevel: 'info',
      noColor: false,
      project: 'demo',
      projectFrom: 'FMAIL_PROJECT',
    });
  });

  it.each([
    ['WAGGLE_FENCE', '0', 'WAGGLE_FENCE: expected a whole number from 1, got "0"'],
    ['WAGGLE_FENCE', '1e3', 'WAGGLE_FENCE: expected a whole number from 1, got "1e3"'],
    [
      'FMAIL_AGENT',
      'a b',
      'FMAIL_AGENT: expected a name of lower-case letters, digits and dashes (at most 63), got "a b"',
    ],
    ['WAGGLE_TASK', '/x', 'WAGGLE_TASK: expected a task id, got "/x"'],
    [
      'WAGGLE_LOG_LEVEL',
      'loud',
      'WAGGLE_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    ],
  ])('refuses %s=%s', (name, value, message) => {
    expect(() => readEnvironment({ [name]: value })).toThrow(message);
  });
});
