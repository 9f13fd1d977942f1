/** An envelope as it travels: form, signatures, opening (PROTOCOL.md, section 4). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.js";
import { digest, exactly, tagged } from "./encoding.js";
import { WRAP, parseHeader, parseSeal } from "./header.js";
import { parsePayload } from "./payload.js";
import { must, wellFormed } from "./refusal.js";
import { openContent } from "./sealing.js";
import { sign, verify } from "./signatures.js";

const ROLES = { 1: "AUTHOR", 2: "APPROVER" };
const ENVELOPE_LIMIT = 2 ** 20;

/** @param {Uint8Array} header @param {Uint8Array} seal @returns {Uint8Array} */
export function messageHash(header, seal) {
  return digest("message-hash", header, seal);
}

/** @param {{kid: Uint8Array, role: number, sig: Uint8Array}[]} signatures @returns {Uint8Array} */
export function signaturesDigest(signatures) {
  return digest("signatures", ...signatures.flatMap(({ kid, role, sig }) => [kid, ROLES[role], sig]));
}

/** @param {{kid: Uint8Array, seed: Uint8Array}} member @param {Uint8Array} header @param {Uint8Array} seal
 * @param {1|2} role @returns {{kid: Uint8Array, role: number, sig: Uint8Array}} */
export function signEnvelope(member, header, seal, role) {
  return { kid: member.kid, role, sig: sign(member.seed, tagged("envelope", header, seal, ROLES[role])) };
}

/** @param {{kid: Uint8Array, role: number, sig: Uint8Array}[]} signatures @param {string} verb */
function signatureForm(signatures, verb) {
  for (const { kid, role, sig } of signatures) {
    wellFormed(role in ROLES, "role");
    exactly(kid, 32);
    exactly(sig, 64);
  }
  const roles = signatures.map(({ role }) => ROLES[role]).join(" ");
  wellFormed(["AUTHOR", "AUTHOR APPROVER", "APPROVER"].includes(roles), "signatures");
  must((roles === "APPROVER") === (verb === "CONFIRM"), "BAD_SIGNATURE", "roles of the verb");
}

/**
 * Checks the form of an envelope and that its parts belong together. Verifies no signature.
 * @param {Record<string, any>} envelope as it travels: header, seal, ciphertext, wraps, signatures
 * @param {string|null} reader the desk it was handed to with its own wrap alone; null where all wraps are there
 * @returns {Record<string, any>} header and seal parsed, message hash, signatures digest
 */
export function checkForm(envelope, reader) {
  const header = parseHeader(envelope.header);
  const seal = parseSeal(envelope.seal);
  const desks = header.recipients.map((to) => to.desk);
  wellFormed(seal.wrap_sha256.length === desks.length, "a digest a recipient");
  wellFormed(reader === null || desks.includes(reader), "reader");
  const expected = reader === null ? desks : [reader];
  wellFormed(
    envelope.wraps.length === expected.length && envelope.wraps.every((wrap, i) => wrap.desk === expected[i]),
    "wraps",
  );
  for (const wrap of envelope.wraps) {
    must(wrap.data.length === WRAP, "CIPHERTEXT_MISMATCH");
    must(equal(sha256(wrap.data), seal.wrap_sha256[desks.indexOf(wrap.desk)]), "CIPHERTEXT_MISMATCH");
  }
  must(envelope.ciphertext.length === seal.ciphertext_length, "CIPHERTEXT_MISMATCH");
  must(equal(sha256(envelope.ciphertext), seal.ciphertext_sha256), "CIPHERTEXT_MISMATCH");
  const parts = [envelope.header, envelope.seal, envelope.ciphertext, ...envelope.wraps.map((wrap) => wrap.data)];
  must(concat(...parts).length <= ENVELOPE_LIMIT, "TOO_LARGE");
  signatureForm(envelope.signatures, header.verb);
  return {
    header,
    seal,
    messageHash: messageHash(envelope.header, envelope.seal),
    signaturesDigest: signaturesDigest(envelope.signatures),
  };
}

/**
 * Verifies the signatures of an envelope.
 * @param {Record<string, any>} envelope @param {Record<string, any>} header parsed
 * @param {(kid: Uint8Array) => Uint8Array|undefined} keyOf the public key of a key id, where it may sign
 */
export function verifySignatures(envelope, header, keyOf) {
  for (const { kid, role, sig } of envelope.signatures) {
    const key = keyOf(kid);
    must(key !== undefined, "BAD_SIGNATURE", "unknown key");
    must(role !== 1 || equal(kid, header.author), "BAD_SIGNATURE", "author");
    verify(key, tagged("envelope", envelope.header, envelope.seal, ROLES[role]), sig, "BAD_SIGNATURE");
  }
}

/**
 * Opens an envelope whose signatures were verified.
 * @param {Record<string, any>} envelope @param {Record<string, any>} form what `checkForm` returned
 * @param {string} desk @param {Uint8Array} seed of the desk's key
 * @returns {{contentKey: Uint8Array, payload: Uint8Array, content: Record<string, any>}}
 */
export function openEnvelope(envelope, { header, seal }, desk, seed) {
  const to = header.recipients.find((recipient) => recipient.desk === desk);
  const wrap = envelope.wraps.find((each) => each.desk === desk);
  must(to !== undefined && wrap !== undefined, "CANNOT_OPEN");
  const opened = openContent(envelope.header, seal.commitment, envelope.ciphertext, wrap.data, to.desk_key_id, seed);
  return { ...opened, content: parsePayload(opened.payload, header) };
}
