/**
 * Randomness as a port, so that nothing else draws it and tests own theirs.
 */
import { randomBytes } from 'node:crypto';

/** Gives a new id of `length` lower-case letters and digits. */
export type RandomId = (length?: number) => string;

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/** 20 characters hold about 103 bits. */
export const randomId: RandomId = (length = 20) => {
  let id = '';
  while (id.length < length) {
    for (const byte of randomBytes(length)) {
      // 252 is the largest multiple of 36 below 256: no letter is likelier than another.
      if (byte < 252 && id.length < length) id += alphabet[byte % 36];
    }
  }
  return id;
};
