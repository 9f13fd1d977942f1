/** Ed25519 as PROTOCOL.md, section 1, has it: without the cofactor, no point of low order, one encoding. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.js";
import { must, wellFormed } from "./refusal.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

/** @param {Uint8Array} bytes @returns {bigint} */
function littleEndian(bytes) {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

/** A point in its one encoding, not of low order; throws otherwise. @param {Uint8Array} bytes */
function point(bytes) {
  const found = Point.fromBytes(bytes);
  if (!equal(found.toBytes(), bytes) || found.isSmallOrder()) throw new Error("point");
  return found;
}

/** @param {Uint8Array} key @param {Uint8Array} data @param {Uint8Array} sig @returns {boolean} */
function accepted(key, data, sig) {
  if (key.length !== 32 || sig.length !== 64) return false;
  const s = littleEndian(sig.subarray(32));
  if (s >= ORDER) return false;
  try {
    const a = point(key);
    const r = point(sig.subarray(0, 32));
    const k = littleEndian(sha512(concat(sig.subarray(0, 32), key, data))) % ORDER;
    const sb = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s);
    return sb.subtract(a.multiplyUnsafe(k)).equals(r);
  } catch {
    return false;
  }
}

/** @param {Uint8Array} key @param {Uint8Array} data @param {Uint8Array} sig @param {string} [reason] of a refusal */
export function verify(key, data, sig, reason = "VERIFICATION_FAILED") {
  must(accepted(key, data, sig), reason, "signature");
  return true;
}

/** @param {Uint8Array} seed 32 bytes @param {Uint8Array} data @returns {Uint8Array} 64 bytes */
export function sign(seed, data) {
  return ed25519.sign(data, seed);
}

/** @param {Uint8Array} seed @returns {Uint8Array} public key */
export function publicKey(seed) {
  return ed25519.getPublicKey(seed);
}

/** Refuses a key that may not be registered. @param {Uint8Array} key @returns {Uint8Array} */
export function signingKey(key) {
  wellFormed(key.length === 32, "key length");
  try {
    if (!point(key).isTorsionFree()) throw new Error("order");
  } catch {
    wellFormed(false, "Ed25519 key");
  }
  return key;
}
