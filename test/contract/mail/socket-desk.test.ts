import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { createBusDesk } from '../../../shared/mail/bus-desk.ts';
import { connectSocketDesk } from '../../../shared/mail/socket-desk.ts';
import { randomId } from '../../../shared/random.ts';
import { listenAtPath } from '../../../shared/socket/listen.ts';
import { oneSeat } from '../../../shared/socket/seats.ts';
import { serveSocket } from '../../../shared/socket/server.ts';
import { project } from '../../support/orchestrator.ts';
import { mailDeskCases } from './cases.ts';
import { hiveLab, type OpenDesk } from './lab.ts';

/** A socket as a worker gives one to its harness, and a desk over it. */
const openDesk: OpenDesk = async (hive, agent, { clock = systemClock, identity = `test:${agent}` }) => {
  const folder = await mkdtemp(join(tmpdir(), 'waggle-desk-'));
  const swarm = await hive.connect(agent);
  const host = hostname();
  const mail = createBusDesk({ swarm, project, agent, clock, randomId, identity, host });
  const path = join(folder, 's');
  const server = serveSocket({
    project,
    seats: oneSeat({ mail }),
    clock: systemClock,
    randomId,
    log: silentLog,
    listeners: [{ listener: await listenAtPath(path), needsProject: false }],
  });
  const desk = await connectSocketDesk({ path, randomId });
  // What was handed over is told by the worker's own desk, which outlives the connections.
  const close = async () => {
    await desk.close();
    await mail.close();
  };
  return {
    desk: { ...desk, close },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

mailDeskCases('a socket', () => hiveLab(openDesk));
