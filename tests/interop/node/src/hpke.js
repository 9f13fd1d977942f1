/** HPKE base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305 (PROTOCOL.md, section 1; RFC 9180). */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";

import { concat, utf8 } from "./bytes.js";
import { must, wellFormed } from "./refusal.js";

const SUITE = concat(utf8("HPKE"), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03));
const NOTHING = new Uint8Array();
const ENCAPSULATION = 1120;
const PUBLIC = 1216;
const MLKEM_PUBLIC = 1184;
const SEED = 32;
const P = 2n ** 255n - 19n;
const LOW_ORDER = [
  0n,
  1n,
  P - 1n,
  0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
];

/** Key and nonce of the one message of a context. @param {Uint8Array} shared @param {Uint8Array} info */
function schedule(shared, info) {
  const labeled = (salt, label, ikm) => extract(sha256, concat(utf8("HPKE-v1"), SUITE, utf8(label), ikm), salt);
  const context = concat(
    Uint8Array.of(0),
    labeled(NOTHING, "psk_id_hash", NOTHING),
    labeled(NOTHING, "info_hash", info),
  );
  const secret = labeled(shared, "secret", NOTHING);
  const derive = (label, length) =>
    expand(sha256, secret, concat(Uint8Array.of(0, length), utf8("HPKE-v1"), SUITE, utf8(label), context), length);
  return { key: derive("key", 32), nonce: derive("base_nonce", 12) };
}

/** @param {Uint8Array} seed 32 bytes @returns {Uint8Array} public key, 1,216 bytes */
export function wrapPublicKey(seed) {
  return xwing.keygen(seed).publicKey;
}

/** Refuses a public key that may neither be registered nor wrapped to. @param {Uint8Array} key @returns {Uint8Array} */
export function wrapKey(key) {
  wellFormed(key.length === PUBLIC, "X-Wing key length");
  for (let i = 0; i < MLKEM_PUBLIC - 32; i += 3) {
    const low = key[i] | ((key[i + 1] & 0x0f) << 8);
    const high = (key[i + 1] >> 4) | (key[i + 2] << 4);
    wellFormed(low < 3329 && high < 3329, "ML-KEM coefficient");
  }
  const u = BigInt(`0x${Buffer.from(key.subarray(MLKEM_PUBLIC)).reverse().toString("hex")}`);
  wellFormed(u < P && !LOW_ORDER.includes(u), "X25519 point");
  return key;
}

/** @param {Uint8Array} to public key @param {Uint8Array} info @param {Uint8Array} secret @returns {Uint8Array} */
export function seal(to, info, secret) {
  wrapKey(to);
  const { cipherText, sharedSecret } = xwing.encapsulate(to);
  const { key, nonce } = schedule(sharedSecret, info);
  return concat(cipherText, chacha20poly1305(key, nonce).encrypt(secret));
}

/** Opens what was sealed to a seed's key; throws on any failure. @param {Uint8Array} seed @param {Uint8Array} info
 * @param {Uint8Array} sealed @returns {Uint8Array} */
export function open(seed, info, sealed) {
  must(seed.length === SEED && sealed.length > ENCAPSULATION, "CANNOT_OPEN");
  const { secretKey } = xwing.keygen(seed);
  const shared = xwing.decapsulate(sealed.subarray(0, ENCAPSULATION), secretKey);
  const { key, nonce } = schedule(shared, info);
  return chacha20poly1305(key, nonce).decrypt(sealed.subarray(ENCAPSULATION));
}
