/** Tagged bytes and digests, texts, names (PROTOCOL.md, section 2). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, u64be, utf8 } from "./bytes.js";
import { must, wellFormed } from "./refusal.js";

export const MAX_TIME = 253_402_128_000_000;

const AGENCY = "[a-z][a-z0-9-]{1,30}";
const FORMS = {
  agency: new RegExp(`^${AGENCY}$`),
  operator: new RegExp(`^${AGENCY}$`),
  desk: new RegExp(`^${AGENCY}/${AGENCY}$`),
  member: new RegExp(`^${AGENCY}/m-[a-z0-9]{8}$`),
  origin: /^[a-z0-9][a-z0-9.-]{0,100}\/[a-z0-9][a-z0-9/-]{0,100}$/,
  jurisdiction: /^[A-Z]{2}$/,
  telephone: /^\+[1-9][0-9]{6,14}$/,
  language: /^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/,
};
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF\uFDD0-\uFDEF]/u;

/** @param {string} purpose @param {...(Uint8Array|string)} parts @returns {Uint8Array} */
export function tagged(purpose, ...parts) {
  const pieces = [utf8(`comity/v1/${purpose}`), new Uint8Array(1)];
  for (const part of parts) {
    const bytes = typeof part === "string" ? utf8(part) : part;
    pieces.push(u64be(bytes.length), bytes);
  }
  return concat(...pieces);
}

/** @param {string} purpose @param {...(Uint8Array|string)} parts @returns {Uint8Array} 32 bytes */
export function digest(purpose, ...parts) {
  return sha256(tagged(purpose, ...parts));
}

/**
 * Key id.
 * @param {string} owner @param {string} use such as `sign` @param {Uint8Array} publicKey @returns {Uint8Array}
 */
export function kid(owner, use, publicKey) {
  return digest("kid", owner, use, publicKey);
}

/** @param {Uint8Array} body of the statement that introduced a root, or of the genesis @returns {string} 60 digits */
export function fingerprint(body) {
  const number = BigInt(`0x${Buffer.from(digest("fingerprint", body)).toString("hex")}`) % 10n ** 60n;
  return number.toString().padStart(60, "0").match(/.{5}/g).join(" ");
}

/** Refuses a fingerprint that is another one, however it is spaced. @param {Uint8Array} body @param {string} typed */
export function sameFingerprint(body, typed) {
  must(typed.replace(/\s+/g, "") === fingerprint(body).replaceAll(" ", ""), "DIFFERENT");
  return true;
}

/** @param {keyof FORMS} kind @param {string} text @returns {string} the text, where it is such a name */
export function name(kind, text) {
  wellFormed(FORMS[kind].test(text), kind);
  if (kind === "agency") wellFormed(text !== "hub", kind);
  return text;
}

/** @param {string} text of a name `agency/…` @returns {string} */
export function agencyOf(text) {
  return text.split("/", 1)[0];
}

/**
 * Checks a text.
 * @param {string} text @param {number} limit in bytes @param {{lines?: boolean, required?: boolean}} [how]
 * @returns {string}
 */
export function text(text, limit, { lines = false, required = false } = {}) {
  must(utf8(text).length <= limit, "TOO_LARGE");
  const rest = lines ? text.replaceAll("\n", "") : text;
  wellFormed(text === text.normalize("NFC") && !FORBIDDEN.test(rest), "text");
  for (const character of rest) wellFormed((character.codePointAt(0) & 0xfffe) !== 0xfffe, "noncharacter");
  wellFormed(!required || text !== "", "empty text");
  return text;
}

/** Decodes UTF-8 strictly. @param {Uint8Array} bytes @returns {string} */
export function decodeUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    wellFormed(false, "UTF-8");
  }
}

/** @param {number} at Unix milliseconds UTC @param {{required?: boolean}} [how] @returns {number} */
export function time(at, { required = false } = {}) {
  wellFormed(typeof at === "number" && at >= (required ? 1 : 0) && at <= MAX_TIME, "time");
  return at;
}

/** @param {Uint8Array} bytes @param {number} length @param {{optional?: boolean}} [how] @returns {Uint8Array} */
export function exactly(bytes, length, { optional = false } = {}) {
  wellFormed(bytes.length === length || (optional && bytes.length === 0), `${length} bytes`);
  return bytes;
}
