/** Padded lengths, padding and its undoing (PROTOCOL.md, section 4). */

import { wellFormed } from "./refusal.js";

const LEAST = 4096;

/** @param {number} length of a content with its mark, in bytes, below 2^53 @returns {number} */
export function padme(length) {
  if (length <= LEAST) return LEAST;
  const e = BigInt(length).toString(2).length - 1;
  const s = e.toString(2).length;
  const step = 2 ** (e - s);
  return Math.ceil(length / step) * step;
}

/** @param {Uint8Array} content @returns {Uint8Array} */
export function pad(content) {
  const out = new Uint8Array(padme(content.length + 1));
  out.set(content);
  out[content.length] = 0x80;
  return out;
}

/** @param {Uint8Array} padded @returns {Uint8Array} the content; another padding than `pad` makes is refused */
export function unpad(padded) {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  wellFormed(end >= 0 && padded[end] === 0x80, "mark");
  wellFormed(padded.length === padme(end + 1), "padded length");
  return padded.slice(0, end);
}
