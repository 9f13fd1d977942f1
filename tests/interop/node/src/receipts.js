/** Events, leaves, receipts, heads and acknowledgements (PROTOCOL.md, sections 3 and 6). */

import { equal } from "./bytes.js";
import { verifyCheckpoint } from "./checkpoint.js";
import { MAX_TIME, digest, exactly, name, tagged, time } from "./encoding.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { as, must, wellFormed } from "./refusal.js";
import { sign, verify } from "./signatures.js";
import { enumOf, namer, parse, serialise } from "./wire.js";

const EVENT_LIMIT = 32 * 1024;
const LEAF_LIMIT = 256;
const ACK_LIMIT = 1024;
const HEAD_LIMIT = 1024;
const REFUSED_FOR = ["CANNOT_OPEN", "QUARANTINED", "EXPIRED", "SUSPECT"];

const kindName = namer("EventKind");
const ackName = namer("AckState");
const ACK_STATES = enumOf("AckState");

/** @param {Uint8Array} data @returns {Record<string, any>} */
export function parseEvent(data) {
  const m = parse("Event", data, EVENT_LIMIT);
  must(m.version === 1, "UNSUPPORTED_VERSION");
  for (const each of [...m.kids, ...m.deliveries]) exactly(each, 32);
  return {
    kind: kindName(m.kind),
    message_hash: exactly(m.message_hash, 32, { optional: true }),
    signatures_digest: exactly(m.signatures_digest, 32, { optional: true }),
    kids: m.kids,
    deliveries: m.deliveries,
    other_hash: exactly(m.other_hash, 32, { optional: true }),
    effective_time: time(m.effective_time),
    ack_state: m.ack_state === 0 ? null : ackName(m.ack_state),
  };
}

/** @param {Uint8Array} data @returns {Record<string, any>} */
export function parseLeaf(data) {
  const m = parse("Leaf", data, LEAF_LIMIT);
  must(m.version === 1, "UNSUPPORTED_VERSION");
  wellFormed(m.time_seconds >= 1 && m.time_seconds <= MAX_TIME / 1000, "time");
  wellFormed(m.directory_size >= 1, "directory size");
  exactly(m.directory_root, 32);
  exactly(m.commitment, 32);
  const { version, ...fields } = m;
  return fields;
}

/** @param {Uint8Array} salt @param {string} desk @param {number} number @returns {Uint8Array} */
export function delivery(salt, desk, number) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(number));
  return digest("delivery", salt, desk, new Uint8Array(out));
}

/**
 * Verifies what a receipt proves by itself: that its event is in the log. What the directory and other leaves say of
 * it is for the one who keeps them.
 * @param {Record<string, any>} receipt as it travels @param {string} origin @param {Uint8Array[]} logKeys
 * @returns {{event: Record<string, any>, leaf: Record<string, any>, size: number, root: Uint8Array}}
 */
export function verifyReceipt(receipt, origin, logKeys) {
  return as("VERIFICATION_FAILED", () => {
    const event = parseEvent(receipt.event);
    const leaf = parseLeaf(receipt.leaf);
    exactly(receipt.salt, 32);
    must(equal(leaf.commitment, digest("leaf", receipt.salt, receipt.event)), "VERIFICATION_FAILED");
    const { size, root } = verifyCheckpoint(receipt.checkpoint, origin, logKeys);
    verifyInclusion(leafHash(receipt.leaf), receipt.index, size, receipt.inclusion_path, root);
    return { event, leaf, size, root };
  });
}

/** Verifies a head: the signature first, then the form. @param {Uint8Array} body @param {Uint8Array} sig
 * @param {Uint8Array} headKey @returns {Record<string, any>} */
export function verifyHead(body, sig, headKey) {
  verify(headKey, tagged("head", body), sig);
  const m = parse("Head", body, HEAD_LIMIT);
  must(m.version === 1, "UNSUPPORTED_VERSION");
  name("origin", m.directory_origin);
  name("origin", m.exchange_origin);
  wellFormed(m.directory_size >= 1, "directory size");
  exactly(m.directory_root, 32);
  exactly(m.exchange_root, 32);
  time(m.time, { required: true });
  const { version, ...fields } = m;
  return fields;
}

/** Verifies an acknowledgement: the signature first, then the form. @param {Uint8Array} body @param {Uint8Array} sig
 * @param {Uint8Array} key @returns {Record<string, any>} */
export function verifyAck(body, sig, key) {
  verify(key, tagged("ack", body), sig);
  const m = parse("Ack", body, ACK_LIMIT);
  must(m.version === 1, "UNSUPPORTED_VERSION");
  const state = ackName(m.state);
  wellFormed(state === "REFUSED" ? REFUSED_FOR.includes(m.reason) : m.reason === "", "reason");
  return {
    origin: name("origin", m.origin),
    message_hash: exactly(m.message_hash, 32),
    desk: name("desk", m.desk),
    kid: exactly(m.kid, 32),
    state,
    reason: m.reason,
    time: time(m.time, { required: true }),
  };
}

/**
 * What an event says of an acknowledgement.
 * @param {Uint8Array} body @param {Uint8Array} kid @param {Uint8Array} sig
 */
export function ackDigests(body, kid, sig) {
  return { body: digest("ack-body", body), signatures: digest("signatures", kid, sig) };
}

/**
 * Makes an acknowledgement.
 * @param {{kid: Uint8Array, seed: Uint8Array}} member
 * @param {{origin: string, message_hash: Uint8Array, desk: string, state: string, time: number}} fields
 * @returns {{body: Uint8Array, sig: Uint8Array}}
 */
export function makeAck(member, fields) {
  const body = serialise("Ack", { ...fields, version: 1, kid: member.kid, state: ACK_STATES[fields.state] });
  return { body, sig: sign(member.seed, tagged("ack", body)) };
}
