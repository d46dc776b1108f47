/**
 * The arguments of `npm run fuzz`.
 */
import { parseArgs } from 'node:util';
import { targets } from './targets.ts';

export const HELP = `usage: npm run fuzz -- [options]

  --minutes M   how long, all targets together (default 1)
  --seed S      what the inputs are made from (default: by chance, and printed)
  --target T    only this target; may be given again
  --list        the targets, and whose bytes they read
  --number N    with --seed and one --target: only this input of the seed
  --hex BYTES   with one --target: only this input
  --json        one JSON object a line
  --help        this text

Exit codes: 0 nothing found, 1 a finding, 2 bad arguments.
`;

/** What was given cannot be meant. */
class BadArguments extends Error {}

/** Reads the arguments. Throws on what nobody can mean, with a sentence. */
export function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
      number: { type: 'string' },
      hex: { type: 'string' },
      progress: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 7 * 24 * 60))
    throw new BadArguments('--minutes: expected a number above 0');
  const unknown = values.target.find((name) => !targets.some((one) => one.name === name));
  if (unknown !== undefined) throw new BadArguments(`--target ${unknown}: there is none; --list names all`);
  const chosen = targets.filter(({ name }) => values.target.length === 0 || values.target.includes(name));
  const [only] = chosen;
  const wantsOne = values.number !== undefined || values.hex !== undefined;
  if (wantsOne && (chosen.length !== 1 || only === undefined))
    throw new BadArguments('--number and --hex go with one --target');
  if (values.number !== undefined && (values.seed === undefined || !/^\d{1,12}$/.test(values.number)))
    throw new BadArguments('--number goes with --seed: expected a whole number from 0');
  if (values.hex !== undefined && !/^([0-9a-f]{2})*$/i.test(values.hex))
    throw new BadArguments('--hex: expected two hexadecimal digits for each byte');
  return { ...values, minutes, chosen, only };
}

export type Options = ReturnType<typeof optionsOf>;
