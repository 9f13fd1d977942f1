/** Base58 of Bitcoin, the XRP Ledger and Monero; bech32 and bech32m; CRC-16/XMODEM. Decoding and checks only. */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.js";

export const BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
export const RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BLOCKS = [0, 2, 3, 5, 6, 7, 9, 10, 11];

/** @param {string} text @param {string} alphabet @returns {bigint|null} */
function number(text, alphabet) {
  let value = 0n;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return null;
    value = value * 58n + BigInt(digit);
  }
  return value;
}

/** @param {bigint} value @param {number} size @returns {Uint8Array} */
function bytesOf(value, size) {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex"));
}

/** @param {string} text @param {string} alphabet @returns {Uint8Array|null} */
export function decode(text, alphabet) {
  const value = number(text, alphabet);
  if (value === null) return null;
  const zeros = /^(.)\1*/.exec(text)?.[1] === alphabet[0] ? /^(.)\1*/.exec(text)[0].length : 0;
  const size = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
  return concat(new Uint8Array(zeros), size === 0 ? new Uint8Array() : bytesOf(value, size));
}

/** @param {Uint8Array} data @param {string} alphabet @returns {string} */
export function encode(data, alphabet) {
  let value = data.length === 0 ? 0n : BigInt(`0x${Buffer.from(data).toString("hex")}`);
  let text = "";
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
  for (const byte of data) {
    if (byte !== 0) break;
    text = alphabet[0] + text;
  }
  return text;
}

/** @param {Uint8Array} data @returns {Uint8Array} the first four bytes of SHA-256 twice */
export function checksum(data) {
  return sha256(sha256(data)).subarray(0, 4);
}

/** @param {Uint8Array} data with its checksum at the end @returns {boolean} */
export function verifies(data) {
  return equal(checksum(data.subarray(0, -4)), data.subarray(-4));
}

/** @param {string} text in Monero's blocks @returns {Uint8Array|null} */
export function decodeBlocks(text) {
  const pieces = [];
  for (let at = 0; at < text.length; at += 11) {
    const block = text.slice(at, at + 11);
    const [value, size] = [number(block, BITCOIN), BLOCKS.indexOf(block.length)];
    if (value === null || size < 0 || value >= 1n << BigInt(8 * size)) return null;
    pieces.push(bytesOf(value, size));
  }
  return concat(...pieces);
}

/** @param {Uint8Array} data @returns {string} in Monero's blocks */
export function encodeBlocks(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 8) {
    const block = data.subarray(at, at + 8);
    const digits = encode(block, BITCOIN).replace(/^1+/, "");
    text += digits.padStart(BLOCKS[block.length], "1");
  }
  return text;
}

/** @param {string} hrp @param {string} data lower case @returns {{digits: number[], residue: number}|null} */
export function bech32(hrp, data) {
  const digits = [...data].map((character) => BECH32.indexOf(character));
  if (digits.includes(-1)) return null;
  const codes = [...hrp].map((character) => character.charCodeAt(0));
  let residue = 1;
  for (const value of [...codes.map((c) => c >> 5), 0, ...codes.map((c) => c & 31), ...digits]) {
    const top = residue >>> 25;
    residue = ((residue & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, bit) => {
      if ((top >> bit) & 1) residue ^= generator;
    });
  }
  return { digits, residue: residue >>> 0 };
}

/** @param {Uint8Array} data @returns {number} */
export function crc16(data) {
  let crc = 0;
  for (const byte of data) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
