/** Addresses with a form of their own, Zcash's unified ones, and checks that are nobody else's (PROTOCOL.md, section 8). */

import { blake2b } from "@noble/hashes/blake2.js";
import { blake256 } from "@noble/hashes/blake1.js";
import { keccak_256 as keccak } from "@noble/hashes/sha3.js";

import * as b58 from "./base58.js";
import { concat, equal, hex, utf8 } from "./bytes.js";
import { NAMES as on } from "./families.js";
import { must } from "./refusal.js";

const address = (holds) => must(holds, "NOT_AN_ADDRESS");
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const NANO = "13456789abcdefghijkmnopqrstuwxyz";
const C32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HEDERA_NETWORKS = [0, 1, 2];

const numberOf = (text, alphabet) => [...text].reduce((sum, c) => (sum << 5n) | BigInt(alphabet.indexOf(c)), 0n);
const bytesOf = (value, size) => new Uint8Array(Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex"));

/** @param {Uint8Array} payload @returns {Uint8Array} the check of Waves and V Systems */
export const wavesCheck = (payload) => keccak(blake2b(payload, { dkLen: 32 })).subarray(0, 4);
/** @param {Uint8Array} payload @returns {Uint8Array} the check of Decred */
export const decredCheck = (payload) => blake256(blake256(payload)).subarray(0, 4);

/** @param {string} text */
function filecoin(text) {
  const match = /^([ft])(?:([12])([a-z2-7]{39})|(3)([a-z2-7]{84})|(4)10f([a-z2-7]{39}))$/.exec(text);
  address(match !== null);
  const [network, kind, digits] = match.slice(1).filter((part) => part !== undefined);
  const size = Math.floor((digits.length * 5) / 8);
  const left = BigInt(digits.length * 5 - size * 8);
  const value = numberOf(digits, BASE32);
  const data = bytesOf(value >> left, size);
  const head = kind === "4" ? [4, 10] : [Number(kind)];
  const check = blake2b(concat(Uint8Array.from(head), data.subarray(0, -4)), { dkLen: 4 });
  must(equal(check, data.subarray(-4)), "BAD_CHECKSUM");
  address((value & ((1n << left) - 1n)) === 0n);
  must(network === "f", "TESTNET");
  return { chain: on.FIL, address: text };
}

/** @param {string} text */
function nano(text) {
  const match = /^(?:nano|xrb)_([13][13-9a-km-uw-z]{59})$/.exec(text);
  address(match !== null);
  const value = numberOf(match[1], NANO);
  const key = bytesOf((value >> 40n) & ((1n << 256n) - 1n), 32);
  must(equal(blake2b(key, { dkLen: 5 }).reverse(), bytesOf(value & ((1n << 40n) - 1n), 5)), "BAD_CHECKSUM");
  return { chain: on.NANO, address: `nano_${match[1]}` };
}

/** @param {string} text */
function stacks(text) {
  const zeros = /^0*/.exec(text.slice(2))[0].length;
  const value = numberOf(text.slice(2), C32);
  const digits = value === 0n ? "" : value.toString(16);
  const data = concat(new Uint8Array(zeros), bytesOf(value, Math.ceil(digits.length / 2)).subarray(value === 0n ? 1 : 0));
  must(data.length === 24, "BAD_LENGTH");
  const payload = concat(Uint8Array.of(C32.indexOf(text[1])), data.subarray(0, -4));
  must(equal(b58.checksum(payload), data.subarray(-4)), "BAD_CHECKSUM");
  must("PM".includes(text[1]), "TESTNET");
  return { chain: on.STX, address: text };
}

/** @param {string} text */
function nimiq(text) {
  const plain = text.replaceAll(" ", "");
  const digits = [...(plain.slice(4) + plain.slice(0, 4))].map((character) => parseInt(character, 36)).join("");
  must(BigInt(digits) % 97n === 1n, "BAD_CHECKSUM");
  return { chain: on.NIM, address: plain };
}

/** @param {string} text @returns {object|null} null where it has none of these forms */
export function own(text) {
  if (/^[ft](?:[12][a-z2-7]{39}|3[a-z2-7]{84}|410f[a-z2-7]{39})$/.test(text)) return filecoin(text);
  if (/^(?:nano|xrb)_./.test(text)) return nano(text);
  if (/^S[PMTN][0-9A-HJKMNP-TV-Z]{26,39}$/.test(text)) return stacks(text);
  if (/^[hc]x[0-9a-f]{40}$/.test(text)) return { chain: on.ICX, address: text, checksum: "ABSENT" };
  if (/^NQ[0-9]{2}(?: ?[0-9A-HJ-NP-VXY]{4}){8}$/.test(text)) return nimiq(text);
  return null;
}

/** @param {string} text @param {number} ledger @returns {string} */
function hip15(text, ledger) {
  const digits = [...text].map((character) => (character === "." ? 10n : BigInt(character)));
  const [p3, p5] = [26n ** 3n, 26n ** 5n];
  const sum = (rest) => digits.filter((_, place) => place % 2 === rest).reduce((a, b) => a + b, 0n) % 11n;
  const sd = digits.reduce((a, b) => (a * 31n + b) % p3, 0n);
  const sh = [BigInt(ledger), 0n, 0n, 0n, 0n, 0n, 0n].reduce((a, b) => (a * 31n + b) % p5, 0n);
  let value = (((((BigInt(digits.length % 5) * 11n + sum(0)) * 11n + sum(1)) * p3 + sd + sh) % p5) * 1000003n) % p5;
  let letters = "";
  for (let place = 0; place < 5; place++, value /= 26n) letters = String.fromCharCode(97 + Number(value % 26n)) + letters;
  return letters;
}

/** @param {string} text @param {string|null} named @returns {object|null} null where no such chain is named */
export function byName(text, named) {
  if (named === on.NEAR) {
    address(/^(?:[a-z0-9]+[-_])*[a-z0-9]+(?:\.(?:[a-z0-9]+[-_])*[a-z0-9]+)*$/.test(text));
    address(text.length >= 2 && text.length <= 64);
    must(!text.endsWith(".testnet"), "TESTNET");
    return { chain: named, address: text, checksum: "ABSENT" };
  }
  if (named === on.HBAR) {
    const match = /^((?:0|[1-9][0-9]{0,18})(?:\.(?:0|[1-9][0-9]{0,18})){2})(?:-([a-z]{5}))?$/.exec(text);
    address(match !== null);
    if (match[2] === undefined) return { chain: named, address: match[1], checksum: "ABSENT" };
    const ledger = HEDERA_NETWORKS.find((each) => hip15(match[1], each) === match[2]);
    must(ledger !== undefined, "BAD_CHECKSUM");
    must(ledger === 0, "TESTNET");
    return { chain: named, address: match[1] };
  }
  if (named === on.FIL) {
    if (!/^[ft]0(?:0|[1-9][0-9]{0,19})$/.test(text)) return filecoin(text);
    must(text[0] === "f", "TESTNET");
    return { chain: named, address: text, checksum: "ABSENT" };
  }
  return null;
}

/** @param {Uint8Array} data @param {Uint8Array} other @param {number} number @param {string} letter @returns {Uint8Array} */
function mixed(data, other, number, letter) {
  const out = [];
  for (let block = 0; block * 64 < data.length; block++) {
    const personalization = concat(utf8(`UA_F4Jumble_${letter}`), Uint8Array.of(number, block & 255, block >> 8));
    out.push(blake2b(other, { dkLen: letter === "H" ? data.length : 64, personalization }));
  }
  const stream = concat(...out);
  return data.map((byte, place) => byte ^ stream[place]);
}

/** @param {Uint8Array} data @returns {Uint8Array} what F4Jumble made it of */
function unjumbled(data) {
  const middle = Math.min(64, Math.floor(data.length / 2));
  let [left, right] = [data.subarray(0, middle), data.subarray(middle)];
  left = mixed(left, right, 1, "H");
  right = mixed(right, left, 1, "G");
  left = mixed(left, right, 0, "H");
  return concat(left, mixed(right, left, 0, "G"));
}

/** @param {Uint8Array} data @param {number} at @returns {[number, number]} a number and the place behind it */
function compact(data, at) {
  const width = { 0xfd: 2, 0xfe: 4, 0xff: 8 }[data[at]] ?? 0;
  address(at < data.length && at + 1 + width <= data.length);
  if (width === 0) return [data[at], at + 1];
  const value = Number(BigInt(`0x${hex(data.slice(at + 1, at + 1 + width).reverse())}`));
  address(value >= { 2: 0xfd, 4: 0x10000, 8: 0x100000000 }[width]);
  return [value, at + 1 + width];
}

export const UNIFIED_PARTS = ["u", "utest", "uregtest"];

/** @param {string} text @param {string} lower @param {string} hrp @param {Uint8Array} data @returns {string} */
export function unified(text, lower, hrp, data) {
  must(text === lower || text === text.toUpperCase(), "MIXED_CASE");
  must(data.length >= 48, "BAD_LENGTH");
  const plain = unjumbled(data);
  const [receivers, padding] = [plain.subarray(0, -16), plain.subarray(-16)];
  address(hex(padding) === hex(utf8(hrp)).padEnd(32, "0"));
  let [at, last] = [0, -1];
  while (at < receivers.length) {
    const [kind, after] = compact(receivers, at);
    const [size, begin] = compact(receivers, after);
    address(kind > last && kind <= 0x02000000 && ({ 0: 20, 1: 20, 2: 43, 3: 43 }[kind] ?? size) === size);
    address(!(last === 0 && kind === 1));
    [at, last] = [begin + size, kind];
  }
  address(at === receivers.length && last > 1);
  must(hrp === "u", "TESTNET");
  return lower;
}
