/**
 * Makes an input that shows a fault smaller: takes pieces out, half of it first, then ever smaller ones, for as long as
 * the fault stays the same. Bounded in tries, because a fault may take long to show itself.
 */

/** The smallest input that was found to hold. `holds`: whether an input shows the fault. */
export async function shrunk(
  input: Uint8Array,
  holds: (input: Uint8Array) => Promise<boolean>,
  tries = 300,
): Promise<Uint8Array> {
  let best = input;
  let left = tries;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length && left > 0; ) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      left -= 1;
      if (await holds(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
