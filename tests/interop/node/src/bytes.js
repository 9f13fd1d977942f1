/** Bytes: hexadecimal, joining, comparing, big-endian numbers. Knows nothing of the protocol. */

const encoder = new TextEncoder();

/** @param {string} hex @returns {Uint8Array} */
export function unhex(hex) {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** @param {Uint8Array} bytes @returns {string} */
export function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

/** @param {string} text @returns {Uint8Array} its UTF-8 bytes */
export function utf8(text) {
  return encoder.encode(text);
}

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function concat(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

/** Compares in constant time. @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let different = 0;
  for (let i = 0; i < a.length; i++) different |= a[i] ^ b[i];
  return different === 0;
}

/** Compares as texts of bytes are sorted. @param {Uint8Array} a @param {Uint8Array} b @returns {number} */
export function order(a, b) {
  return Buffer.compare(a, b);
}

/** @param {number|bigint} n @returns {Uint8Array} eight bytes, big-endian */
export function u64be(n) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(n));
  return new Uint8Array(out);
}

/** Whether a list is strictly ascending. @template T @param {T[]} list @param {(a: T, b: T) => number} compare */
export function ascending(list, compare) {
  return list.every((item, i) => i === 0 || compare(list[i - 1], item) < 0);
}
