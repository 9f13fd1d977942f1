/** Header and seal of an envelope (PROTOCOL.md, section 4). */

import { ascending, order, utf8 } from "./bytes.js";
import { exactly, name, time } from "./encoding.js";
import { consent } from "./grants.js";
import { must, wellFormed } from "./refusal.js";
import { namer, parse } from "./wire.js";

export const WRAP = 1168;
export const LEAST_CIPHERTEXT = 4112;
const HEADER_LIMIT = 64 * 1024;
const SEAL_LIMIT = 16 * 1024;
const BLOB_LIMIT = 5 * 2 ** 30;

export const familyName = namer("Family");
export const verbName = namer("Verb");
export const precedenceName = namer("Precedence");

/** @param {string} a @param {string} b @returns {number} in byte order */
export function byteOrder(a, b) {
  return order(utf8(a), utf8(b));
}

/** @param {Record<string, any>} m @param {string} verb @returns {object|null} */
function watchlist(m, verb) {
  const position = m.watchlist;
  const batch = familyName(m.family) === "WATCHLIST" && ["PUBLISH", "SNAPSHOT"].includes(verb);
  wellFormed((position !== null) === batch, "watchlist position");
  if (position === null) return null;
  exactly(position.list_id, 16);
  wellFormed(position.sequence >= 1 && position.sequence <= 2 ** 53, "sequence");
  exactly(position.previous_head, 32, { optional: position.sequence === 1 });
  wellFormed(position.sequence !== 1 || position.previous_head.length === 0, "first batch");
  exactly(position.head, 32);
  return position;
}

/**
 * Parses a header.
 * @param {Uint8Array} data @returns {Record<string, any>} its fields; enums by name
 */
export function parseHeader(data) {
  const m = parse("Header", data, HEADER_LIMIT);
  must(m.version === 1 && m.suite === 1, "UNSUPPORTED_VERSION");
  const verb = verbName(m.verb);
  exactly(m.envelope_id, 16);
  wellFormed(m.envelope_id[6] >> 4 === 7 && m.envelope_id[8] >> 6 === 2, "UUIDv7");
  must(m.recipients.length <= 256 && m.blobs.length <= 64, "TOO_LARGE");
  wellFormed(m.recipients.length >= 1, "recipients");
  for (const to of m.recipients) exactly(to.desk_key_id, 32) && name("desk", to.desk);
  wellFormed(
    ascending(
      m.recipients.map((to) => to.desk),
      byteOrder,
    ),
    "recipients in order",
  );
  wellFormed(
    m.recipients.some((to) => to.desk !== m.sender),
    "a recipient besides the sender",
  );
  for (const blob of m.blobs) {
    exactly(blob.sha256, 32);
    must(blob.length >= 1 && blob.length <= BLOB_LIMIT, "TOO_LARGE", "blob length");
  }
  wellFormed(
    ascending(
      m.blobs.map((blob) => blob.sha256),
      order,
    ),
    "blobs in order",
  );
  const hold = verb === "REQUEST_PROVISIONAL";
  wellFormed(!hold || m.recipients.some((to) => to.desk === m.sender), "a copy of one's own");
  const { grant, granted } = consent(m, verb, parseHeader);
  wellFormed(m.directory_size >= 1, "directory size");
  return {
    origin: name("origin", m.origin),
    envelope_id: m.envelope_id,
    family: familyName(m.family),
    verb,
    case_id: exactly(m.case_id, 16),
    previous: exactly(m.previous, 32, { optional: true }),
    about: exactly(m.about, 32, { optional: true }),
    sender: name("desk", m.sender),
    recipients: m.recipients,
    author: exactly(m.author, 32),
    precedence: precedenceName(m.precedence),
    created: time(m.created, { required: true }),
    deliver_by: time(m.deliver_by, { required: true }),
    respond_by: time(m.respond_by),
    lapses_at: time(m.lapses_at),
    directory_size: m.directory_size,
    directory_root: exactly(m.directory_root, 32),
    blobs: m.blobs,
    watchlist: watchlist(m, verb),
    joint: m.joint,
    grant,
    granted,
  };
}

/** @param {Uint8Array} data @returns {Record<string, any>} */
export function parseSeal(data) {
  const m = parse("Seal", data, SEAL_LIMIT);
  exactly(m.commitment, 32);
  exactly(m.ciphertext_sha256, 32);
  wellFormed(m.ciphertext_length >= LEAST_CIPHERTEXT, "ciphertext length");
  wellFormed(m.wrap_sha256.length >= 1, "wraps");
  for (const sha256 of m.wrap_sha256) exactly(sha256, 32);
  return m;
}
