/**
 * What `fmail log task -n 20` asks for, of little mail and of very much: the newest mails of a topic that most mail goes
 * to, of two with few mails, and of all topics. The ratio is what counts: it must not grow with MAIL.
 *
 * For `seldom` it does, up to a bound: where a server has several matches in one block of its store (some 30,000 mails),
 * it walks over all that lies between them.
 */
import type { MailQuery } from '../../shared/bus/read-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { type Figure, inTurns, median, quantile, type Scenario } from './figures.ts';
import { FEW, withMail } from './mail-hives.ts';

const LITTLE = 1_000;
const MUCH = 1_000_000;
const LAST = 20;
const SAMPLES = 200;
const WARM_UP = 50;
const BLOCK = 25;

const queries: Readonly<Record<string, MailQuery>> = {
  'log task -n 20': { target: { kind: 'topic', name: 'task' }, last: LAST },
  'log rare -n 20': { target: { kind: 'topic', name: 'rare' }, last: LAST },
  'log seldom -n 20': { target: { kind: 'topic', name: 'seldom' }, last: LAST },
  'log -n 20': { family: 'topic', last: LAST },
};

export const mailLog: Scenario = {
  name: 'mail-log',
  title: `the newest ${LAST} mails of ${LITTLE.toLocaleString('en')} and of ${MUCH.toLocaleString('en')}; ${FEW.rare} in all are rare, ${FEW.seldom} seldom`,
  notMeasured: [
    'the start of a process: a whole `fmail log` takes some hundred milliseconds more, whatever MAIL holds',
    'mail whose subject comes in bursts: its place takes some more requests to find',
  ],
  run: () =>
    withMail([LITTLE, MUCH], async (hives) => {
      const figures: Figure[] = [];
      // The server still writes out what came last.
      for (let n = 0; n < WARM_UP; n += 1)
        for (const { reader } of hives) for (const query of Object.values(queries)) await reader.mail(query);
      for (const [row, query] of Object.entries(queries)) {
        const samples = new Map(hives.map(({ mails }) => [mails, [] as number[]]));
        for (const { mails, reader } of inTurns(hives, SAMPLES / BLOCK)) {
          for (let n = 0; n < BLOCK; n += 1) {
            const asked = systemClock.monotonic();
            const answer = await reader.mail(query);
            samples.get(mails)?.push(systemClock.monotonic() - asked);
            if (answer.mails.length !== LAST) throw new Error(`expected ${LAST}, got ${answer.mails.length}`);
          }
        }
        const [few = [], many = []] = [samples.get(LITTLE), samples.get(MUCH)];
        figures.push(
          { row, column: 'p50 of 1,000', value: median(few), unit: 'ms' },
          { row, column: 'p50 of 1,000,000', value: median(many), unit: 'ms' },
          { row, column: 'p90 of 1,000', value: quantile(few, 0.9), unit: 'ms' },
          { row, column: 'p90 of 1,000,000', value: quantile(many, 0.9), unit: 'ms' },
          { row, column: 'ratio of p50', value: median(many) / median(few), unit: '×' },
        );
      }
      return figures;
    }),
};
