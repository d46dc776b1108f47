/**
 * Words that a name is made of for who has none. Pure; chance comes from outside.
 */
import type { RandomId } from '../random.ts';

const adjectives =
  'able agile amber brave breezy bright brisk calm candid clear clever cosmic crisp curious daring deft eager early fair fleet fond frank fresh gentle glad golden grand happy hardy honest humble jolly keen kind lively lucid lucky merry mild neat nimble noble patient plucky polite proud quick quiet rapid ready sage sharp silver sleek smart snug solid spry steady stout sunny swift tidy trusty vivid warm wise witty young zesty'.split(
    ' ',
  );
const names =
  'ada alan anna asa bea ben bo cara cleo cora dan dora edna eli ella emil enid eva fay finn flora fred gail gus hal hana hugo ida ines ira iris ivan ivy jan joan jon jude june kai karl kit lars leo lena lila lou lucy luis mae mara max mia milo mona nat nell nina noah nora olga omar oona otto pia quin ray rita rosa ruth sam sara seth sven tara theo tess uma una vera vito wes will yara yuri zara zoe'.split(
    ' ',
  );
const families =
  'ash bell birch bloom brook burr clover comb dale drone elm fern field finch flint ford forest fox frost glen grove hale hart heath hill hive holt lake lane lark linden marsh mead moor moss nectar oak pine pollen poole reed ridge river rowan sage stone thorn thyme vale wells west wood wren'.split(
    ' ',
  );

/** `adjective-name`. */
export const shortName = (randomId: RandomId): string =>
  `${pick(adjectives, randomId)}-${pick(names, randomId)}`;

/** `adjective-given-family`: many more of them. */
export const longName = (randomId: RandomId): string => `${shortName(randomId)}-${pick(families, randomId)}`;

function pick(words: readonly string[], randomId: RandomId): string {
  return words[Number.parseInt(randomId(8), 36) % words.length] ?? 'bee';
}
