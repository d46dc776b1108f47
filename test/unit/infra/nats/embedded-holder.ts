/**
 * A supervisor of its own for `server.test.ts` to kill: starts an embedded server in the folder it is given and
 * says `{ pid, port }` of it.
 */
import { startEmbedded } from '../../../../infra/nats/server.ts';
import { silentLog } from '../../../../shared/log.ts';
import { testBinary } from '../../../support/nats-server.ts';

const [dir = ''] = process.argv.slice(2);
const server = await startEmbedded({ binary: await testBinary(), dir, log: silentLog });
process.stdout.write(`${JSON.stringify({ pid: server.pid, port: server.port })}\n`);
