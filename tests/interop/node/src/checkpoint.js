/** Signed checkpoints (C2SP tlog-checkpoint and signed-note, Ed25519; PROTOCOL.md, section 6). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal, utf8 } from "./bytes.js";
import { decodeUtf8 } from "./encoding.js";
import { EMPTY_ROOT } from "./merkle.js";
import { as, must } from "./refusal.js";
import { verify } from "./signatures.js";

const MAX_SIGNATURES = 16;
const ED25519 = 1;

/** @param {string} text @returns {Uint8Array} canonical base64 only */
function base64(text) {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  proves(Buffer.from(bytes).toString("base64") === text);
  return bytes;
}

/** @param {unknown} holds */
function proves(holds) {
  must(holds, "VERIFICATION_FAILED", "checkpoint");
}

/** @param {string} name @param {Uint8Array} key @returns {Uint8Array} 4 bytes */
function keyHash(name, key) {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(ED25519), key)).subarray(0, 4);
}

/** @param {string[]} lines `— name base64` @returns {{name: string, hash: Uint8Array, sig: Uint8Array}[]} */
function signatureLines(lines) {
  proves(lines.length >= 1 && lines.length <= MAX_SIGNATURES);
  return lines.map((line) => {
    const found = /^— ([^ +]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    proves(found !== null);
    const data = base64(found[2]);
    proves(data.length > 4);
    return { name: found[1], hash: data.subarray(0, 4), sig: data.subarray(4) };
  });
}

/**
 * Verifies a checkpoint.
 * @param {Uint8Array} note @param {string} origin @param {Uint8Array[]} keys the log's; one must have signed
 * @returns {{size: number|bigint, root: Uint8Array}}
 */
export function verifyCheckpoint(note, origin, keys) {
  return as("VERIFICATION_FAILED", () => {
    const whole = decodeUtf8(note);
    const split = whole.lastIndexOf("\n\n");
    proves(split > 0 && whole.endsWith("\n") && !/[^\P{Cc}\n]/u.test(whole));
    const text = whole.slice(0, split + 1);
    const signatures = signatureLines(whole.slice(split + 2, -1).split("\n"));
    const lines = text.slice(0, -1).split("\n");
    proves(lines.length >= 3 && lines[0] === origin && lines.every((line) => line !== ""));
    proves(/^(0|[1-9][0-9]{0,18})$/.test(lines[1]) && BigInt(lines[1]) < 2n ** 63n);
    const root = base64(lines[2]);
    proves(root.length === 32);
    const size = BigInt(lines[1]) <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(lines[1]) : BigInt(lines[1]);
    proves(size !== 0 || equal(root, EMPTY_ROOT));
    let signed = false;
    for (const key of keys) {
      const hash = keyHash(origin, key);
      const ours = signatures.filter((each) => each.name === origin && equal(each.hash, hash));
      for (const { sig } of ours) signed = verify(key, utf8(text), sig);
    }
    proves(signed);
    return { size, root };
  });
}
