#!/usr/bin/env node
/**
 * Entry of the `fmail` command: as `waggle.ts`, and a name of its own for whoever has none.
 */
import { runFmail } from './fmail/program.ts';
import { processSession } from './process-session.ts';

const { session, end } = processSession();
end(await runFmail(process.argv.slice(2), session, `anon-${process.pid}`));
