/**
 * What is sealed in an envelope or an attachment: committed XChaCha20-Poly1305, wraps, secretstream (sections 4, 5).
 */

import { chacha20, hchacha, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { expand } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { randomBytes } from "node:crypto";

import { concat, equal } from "./bytes.js";
import { digest, tagged } from "./encoding.js";
import * as hpke from "./hpke.js";
import { pad, padme, unpad } from "./padding.js";
import { as, must } from "./refusal.js";
import { serialise } from "./wire.js";

const CHUNK = 65_536;
const CHUNK_OVERHEAD = 17;
const STREAM_HEADER = 24;
const FINAL = 3;

/**
 * HKDF-Expand of a 32-byte key. RFC 5869 wants a key of the hash's length, as the library does; HMAC fills up with
 * zeros, so filling up to 64 bytes changes nothing.
 * @param {Uint8Array} key @param {Uint8Array} info @param {number} length @returns {Uint8Array}
 */
function derive(key, info, length) {
  return expand(sha512, concat(key, new Uint8Array(32)), info, length);
}

/** @param {Uint8Array} key @param {Uint8Array} info */
function keys(key, info) {
  const okm = derive(key, info, 88);
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32, 56), commitment: okm.subarray(56) };
}

/** @param {Uint8Array} header @returns {Uint8Array} */
export function headerHash(header) {
  return digest("header", header);
}

/**
 * Seals a payload.
 * @param {Uint8Array} header @param {Uint8Array} payload
 * @param {{desk: string, kid: Uint8Array, key: Uint8Array}[]} recipients in the order of the header
 * @returns {{seal: Uint8Array, ciphertext: Uint8Array, wraps: {desk: string, data: Uint8Array}[]}}
 */
export function sealContent(header, payload, recipients) {
  const hh = headerHash(header);
  const cek = new Uint8Array(randomBytes(32));
  const { key, nonce, commitment } = keys(cek, tagged("payload", hh));
  const ciphertext = xchacha20poly1305(key, nonce, hh).encrypt(pad(payload));
  const wraps = recipients.map((to) => ({ desk: to.desk, data: hpke.seal(to.key, tagged("wrap", hh, to.kid), cek) }));
  const seal = serialise("Seal", {
    commitment,
    ciphertext_sha256: sha256(ciphertext),
    ciphertext_length: ciphertext.length,
    wrap_sha256: wraps.map((wrap) => sha256(wrap.data)),
  });
  return { seal, ciphertext, wraps };
}

/**
 * Opens a wrap and the content under it. Every failure is CANNOT_OPEN.
 * @param {Uint8Array} header @param {Uint8Array} commitment of the seal @param {Uint8Array} ciphertext
 * @param {Uint8Array} wrap @param {Uint8Array} kid of the desk's key @param {Uint8Array} seed of it
 * @returns {{contentKey: Uint8Array, payload: Uint8Array}}
 */
export function openContent(header, commitment, ciphertext, wrap, kid, seed) {
  return as("CANNOT_OPEN", () => {
    const hh = headerHash(header);
    const contentKey = hpke.open(seed, tagged("wrap", hh, kid), wrap);
    must(contentKey.length === 32, "CANNOT_OPEN");
    const derived = keys(contentKey, tagged("payload", hh));
    must(equal(derived.commitment, commitment), "CANNOT_OPEN");
    return { contentKey, payload: unpad(xchacha20poly1305(derived.key, derived.nonce, hh).decrypt(ciphertext)) };
  });
}

/**
 * The seed of a desk's key out of a grant.
 * @param {Record<string, any>} grant @param {Uint8Array} seed of the member
 */
export function openDeskKey(grant, seed) {
  const info = tagged("desk-key", grant.desk, epochBytes(grant.epoch), grant.member_kid);
  return as("CANNOT_OPEN", () => hpke.open(seed, info, grant.sealed_seed));
}

/** @param {number|bigint} epoch @returns {Uint8Array} */
function epochBytes(epoch) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(epoch));
  return new Uint8Array(out);
}

/** @param {Uint8Array} bytes 4n of them @returns {Uint32Array} little-endian words */
function words(bytes) {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

/** @param {number} tag @returns {Uint8Array} */
function tagBlock(tag) {
  const block = new Uint8Array(64);
  block[0] = tag;
  return block;
}

/** libsodium's secretstream. */
class Stream {
  #key;
  #nonce = new Uint8Array(12);

  /** @param {Uint8Array} key @param {Uint8Array} header 24 bytes */
  constructor(key, header) {
    const sigma = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
    const out = new Uint32Array(8);
    hchacha(sigma, words(key), words(header.subarray(0, 16)), out);
    this.#key = new Uint8Array(out.buffer);
    this.#nonce[0] = 1;
    this.#nonce.set(header.subarray(16), 4);
  }

  /** The authenticator of a chunk: over its tag, sealed, in 64 bytes, and its sealed data. */
  #mac(tagBlock, sealed) {
    const lengths = Buffer.alloc(16);
    lengths.writeBigUInt64LE(BigInt(64 + sealed.length), 8);
    const filler = new Uint8Array(sealed.length % 16); // as libsodium has it, not up to the next sixteen
    const key = chacha20(this.#key, this.#nonce, new Uint8Array(32));
    return poly1305(concat(tagBlock, sealed, filler, new Uint8Array(lengths)), key);
  }

  /** @param {Uint8Array} chunk @returns {{tag: number, data: Uint8Array}} */
  pull(chunk) {
    const block = chacha20(this.#key, this.#nonce, tagBlock(chunk[0]), undefined, 1);
    const tag = block[0];
    block[0] = chunk[0];
    const body = chunk.subarray(1, chunk.length - 16);
    const mac = this.#mac(block, body);
    must(equal(mac, chunk.subarray(chunk.length - 16)), "CANNOT_OPEN");
    const data = chacha20(this.#key, this.#nonce, new Uint8Array(body), undefined, 2);
    this.#advance(mac, tag);
    return { tag, data };
  }

  /** @param {Uint8Array} data @param {number} tag @returns {Uint8Array} */
  push(data, tag) {
    const block = chacha20(this.#key, this.#nonce, tagBlock(tag), undefined, 1);
    const body = chacha20(this.#key, this.#nonce, data, undefined, 2);
    const mac = this.#mac(block, body);
    this.#advance(mac, tag);
    return concat(block.subarray(0, 1), body, mac);
  }

  /** @param {Uint8Array} mac @param {number} tag */
  #advance(mac, tag) {
    for (let i = 0; i < 8; i++) this.#nonce[4 + i] ^= mac[i];
    let counter = new DataView(this.#nonce.buffer).getUint32(0, true);
    counter = (counter + 1) >>> 0;
    new DataView(this.#nonce.buffer).setUint32(0, counter, true);
    must((tag & 2) === 0 || tag === FINAL, "CANNOT_OPEN");
    must(counter !== 0, "CANNOT_OPEN");
  }
}

/**
 * Opens an attachment. Every failure is CANNOT_OPEN.
 * @param {Uint8Array} blob
 * @param {{id: Uint8Array, key: Uint8Array, commitment: Uint8Array, plain_length: number, blob_sha256: Uint8Array,
 *   blob_length: number}} record
 * @returns {Uint8Array} the file
 */
export function openAttachment(blob, record) {
  return as("CANNOT_OPEN", () => {
    must(blob.length === record.blob_length && equal(sha256(blob), record.blob_sha256), "CANNOT_OPEN");
    const okm = derive(record.key, tagged("attachment", record.id), 64);
    must(equal(okm.subarray(32), record.commitment), "CANNOT_OPEN");
    const stream = new Stream(okm.subarray(0, 32), blob.subarray(0, STREAM_HEADER));
    const pieces = [];
    let at = STREAM_HEADER;
    let tag = 0;
    while (tag !== FINAL) {
      const end = Math.min(at + CHUNK + CHUNK_OVERHEAD, blob.length);
      must(end - at >= CHUNK_OVERHEAD, "CANNOT_OPEN");
      const chunk = stream.pull(blob.subarray(at, end));
      must(chunk.tag === (end === blob.length ? FINAL : 0), "CANNOT_OPEN");
      pieces.push(chunk.data);
      [at, tag] = [end, chunk.tag];
    }
    const plain = concat(...pieces);
    must(plain.length === padme(record.plain_length), "CANNOT_OPEN");
    must(
      plain.subarray(record.plain_length).every((byte) => byte === 0),
      "CANNOT_OPEN",
    );
    return plain.slice(0, record.plain_length);
  });
}

/**
 * Seals a file.
 * @param {Uint8Array} file
 * @returns {{blob: Uint8Array, secrets: Record<string, any>}} secrets: id, key, commitment, plain_length
 */
export function sealAttachment(file) {
  const [id, key, header] = [16, 32, STREAM_HEADER].map((n) => new Uint8Array(randomBytes(n)));
  const okm = derive(key, tagged("attachment", id), 64);
  const plain = new Uint8Array(padme(file.length));
  plain.set(file);
  const stream = new Stream(okm.subarray(0, 32), header);
  const pieces = [header];
  for (let at = 0; at < plain.length; at += CHUNK) {
    const last = at + CHUNK >= plain.length;
    pieces.push(stream.push(plain.slice(at, at + CHUNK), last ? FINAL : 0));
  }
  return { blob: concat(...pieces), secrets: { id, key, commitment: okm.slice(32), plain_length: file.length } };
}
