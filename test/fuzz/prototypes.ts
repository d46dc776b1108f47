/**
 * Whether parsing has changed what all objects share, or given a value another prototype than its own.
 */

const shared: readonly (readonly [string, object])[] = [
  ['Object', Object.prototype],
  ['Array', Array.prototype],
  ['Function', Function.prototype],
  ['String', String.prototype],
  ['Number', Number.prototype],
  ['Map', Map.prototype],
  ['Set', Set.prototype],
  ['Error', Error.prototype],
  ['Promise', Promise.prototype],
];

/** How many members each of the shared prototypes has. */
export const prototypesHeld = (): readonly number[] => shared.map(([, one]) => Reflect.ownKeys(one).length);

/** More of a value is not walked. */
const MOST_WALKED = 500;

/** What was damaged since, and is mended on the way; undefined when nothing was. */
export function damageOf(before: readonly number[], value: unknown): string | undefined {
  for (const [at, [name, one]] of shared.entries()) {
    const keys = Reflect.ownKeys(one);
    if (keys.length <= (before[at] ?? 0)) continue;
    const added = keys.slice(before[at]);
    for (const key of added) Reflect.deleteProperty(one, key);
    return `${name}.prototype has got ${added.map(String).join(', ')}`;
  }
  return foreignPrototype(value);
}

function foreignPrototype(value: unknown): string | undefined {
  const waiting: unknown[] = [value];
  for (let walked = 0; waiting.length > 0 && walked < MOST_WALKED; walked += 1) {
    const one = waiting.pop();
    if (typeof one !== 'object' || one === null || ArrayBuffer.isView(one)) continue;
    const prototype: unknown = Object.getPrototypeOf(one);
    // Prototypes of classes have a constructor that is theirs; text from outside makes none.
    if (typeof prototype === 'object' && prototype !== null && !isClass(prototype)) {
      return `a value has a prototype of its own: ${Object.keys(prototype).slice(0, 5).join(', ')}`;
    }
    if (!Array.isArray(one) && prototype !== Object.prototype && prototype !== null) continue;
    // No more than are walked: lists may be long.
    for (const key of Object.keys(one).slice(0, MOST_WALKED)) waiting.push(Reflect.get(one, key));
  }
  return undefined;
}

const isClass = (prototype: object): boolean =>
  typeof Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value === 'function' ||
  Symbol.toStringTag in prototype;
