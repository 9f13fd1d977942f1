/** Relatives of Bitcoin by their version, CashAddr, and chains that are related to nobody (PROTOCOL.md, section 8). */

import { blake2b } from "@noble/hashes/blake2.js";
import { sha512_256 } from "@noble/hashes/sha2.js";

import * as b58 from "./base58.js";
import { concat, equal, hex, utf8 } from "./bytes.js";
import * as on from "./chains.js";
import { ALONE, COSMIC, COSMIC_TEST, EVM_PARTS, NAMED_TEST, NAMES, RELATIVES } from "./families.js";
import { decredCheck, unified, UNIFIED_PARTS, wavesCheck } from "./ownforms.js";
import { must } from "./refusal.js";

const VERSIONS = {
  "00": on.BTC, "05": on.BTC, 30: on.LTC, 32: on.LTC, 41: on.TRON, 26: on.BTG, "4c": on.DASH, 10: on.DASH,
  "1e": on.DOGE, 16: on.DOGE, 21: on.XVG, "1cb8": on.ZEC, "1cbd": on.ZEC, "06a19f": on.XTZ, "06a1a1": on.XTZ,
  "06a1a4": on.XTZ, "06a1a6": on.XTZ, "025a79": on.XTZ, "6f": null, c4: null, a0: null, 71: null, "8c": null, 13: null,
  "1d25": null, "1cba": null,
  ...ALONE,
};
const NAMED = { [on.BSV]: ["00", "05"], [on.BTG]: ["17"], [on.XVG]: ["1e"] };
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CASH_GENERATOR = [0x98f2bc8e61n, 0x79b76d99e2n, 0xf33e5fb3c4n, 0xae2eabe2a8n, 0x1e4f43e470n];
const HASHES = { cosmos: [on.ATOM, [20, 32]], bnb: [on.BEP2, [20]], zs: [on.ZEC, [43]] };
const CARDANO = { addr: { 0: 57, 1: 57, 2: 57, 3: 57, 6: 29, 7: 29 }, stake: { 14: 29, 15: 29 } };
const TEST_PARTS = ["tbnb", "addr_test", "stake_test", ...COSMIC_TEST];
export const HUMAN_PARTS = [HASHES, CARDANO, COSMIC, EVM_PARTS].flatMap(Object.keys).concat(TEST_PARTS, UNIFIED_PARTS);
const CASH_CHAINS = {
  bitcoincash: on.BCH, simpleledger: on.BCH, ecash: NAMES.XEC, bchtest: null, bchreg: null, slptest: null, ectest: null,
};
const WAVES = ["0157", "054d", "0154", "0554"];
const DECRED = ["073f", "071f", "0701", "071a", "0f21", "0f01", "0ee3", "0efc"];
const CASH_BARE = /^(?:[qpzr][02-9ac-hj-np-z]{41}(?:[02-9ac-hj-np-z]{19})?|[QPZR][02-9AC-HJ-NP-Z]{41}(?:[02-9AC-HJ-NP-Z]{19})?)$/;

/** @param {string} text @returns {boolean} */
export function isCash(text) {
  return /^(?:bitcoincash|bchtest|bchreg|simpleledger|slptest|ecash|ectest):./i.test(text) || CASH_BARE.test(text);
}

const address = (holds) => must(holds, "NOT_AN_ADDRESS");

/** @param {number[]} digits of `bits` bits @param {number} bits @returns {{data: Uint8Array, spare: bigint, left: number}} */
function joined(digits, bits) {
  let value = 0n;
  for (const digit of digits) value = (value << BigInt(bits)) | BigInt(digit);
  const size = Math.floor((digits.length * bits) / 8);
  const left = digits.length * bits - size * 8;
  const data = new Uint8Array(Buffer.from((value >> BigInt(left)).toString(16).padStart(size * 2, "0"), "hex"));
  return { data: data.subarray(0, size), spare: value & ((1n << BigInt(left)) - 1n), left };
}

/** @param {string} prefix @param {number[]} digits @returns {bigint} */
function cashCode(prefix, digits) {
  let state = 1n;
  for (const digit of [...utf8(prefix)].map((char) => char & 31).concat(0, digits)) {
    const top = state >> 35n;
    state = ((state & 0x07ffffffffn) << 5n) ^ BigInt(digit);
    CASH_GENERATOR.forEach((generator, bit) => {
      if ((top >> BigInt(bit)) & 1n) state ^= generator;
    });
  }
  return state ^ 1n;
}

/** @param {number} kind @param {Uint8Array} body @param {string} [prefix] that counts @returns {string} */
function cashOf(kind, body, prefix = "bitcoincash") {
  const data = concat(Uint8Array.of((kind << 3) | (body.length === 20 ? 0 : 3)), body);
  const digits = [];
  let [value, bits] = [0, 0];
  for (const byte of data) {
    value = ((value << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) digits.push((value >> (bits - 5)) & 31);
  }
  if (bits > 0) digits.push((value << (5 - bits)) & 31);
  const code = cashCode(prefix, [...digits, 0, 0, 0, 0, 0, 0, 0, 0]);
  for (let place = 7n; place >= 0n; place--) digits.push(Number((code >> (5n * place)) & 31n));
  return digits.map((digit) => BECH32[digit]).join("");
}

/** @param {string} text @param {string|null} named @returns {{chain: string, address: string}} */
export function cash(text, named) {
  const lower = text.toLowerCase();
  const [, written, body] = /^(?:(.*):)?([^:]*)$/s.exec(lower);
  const prefix = written ?? (named === NAMES.XEC ? "ecash" : "bitcoincash");
  const digits = [...body].map((character) => BECH32.indexOf(character));
  address(!digits.includes(-1) && Object.hasOwn(CASH_CHAINS, prefix));
  must(cashCode(prefix, digits) === 0n, "BAD_CHECKSUM");
  must(text === lower || text === text.toUpperCase(), "MIXED_CASE");
  const { data, spare, left } = joined(digits.slice(0, -8), 5);
  address(left <= 4 && spare === 0n && data.length > 0 && data[0] >> 3 < 4);
  must({ 0: 20, 3: 32 }[data[0] & 7] === data.length - 1, "BAD_LENGTH");
  const chain = CASH_CHAINS[prefix];
  must(chain !== null, "TESTNET");
  const plain = cashOf((data[0] >> 3) & 1, data.subarray(1), chain === on.BCH ? "bitcoincash" : prefix);
  return { chain, address: plain };
}

/** @param {string} text @param {Uint8Array} data @param {string|null} named @returns {{chain: string, address: string}} */
export function coin(text, data, named) {
  const size = data.length - 24;
  must(size >= 1 && size <= 3, "BAD_LENGTH");
  const version = hex(data.subarray(0, size));
  must(size === 1 || VERSIONS[version] !== undefined, "BAD_LENGTH");
  const check = WAVES.includes(version) ? wavesCheck : DECRED.includes(version) ? decredCheck : b58.checksum;
  must(equal(check(data.subarray(0, -4)), data.subarray(-4)), "BAD_CHECKSUM");
  const body = data.subarray(size, -4);
  const old = named === on.LTC ? ["05", "32"] : RELATIVES[named]?.find((each) => each[0] === version);
  if (old !== undefined && old[0] === version && old.length === 2 && Array.isArray(old)) {
    const payload = concat(Uint8Array.of(parseInt(old[1], 16)), body);
    return { chain: named, address: b58.encode(concat(payload, b58.checksum(payload)), b58.BITCOIN) };
  }
  const kind = ["00", "05"].indexOf(version);
  if (named === on.BCH && kind >= 0) return { chain: named, address: cashOf(kind, body) };
  must(named !== on.LTC || version !== "3a", "TESTNET");
  must(!NAMED_TEST[named]?.includes(version), "TESTNET");
  const takes = NAMED[named]?.includes(version) || RELATIVES[named]?.includes(version);
  must(takes || VERSIONS[version] !== null, "TESTNET");
  const chain = takes ? named : VERSIONS[version];
  must(chain !== undefined, "UNKNOWN_CHAIN");
  return { chain, address: text };
}

/**
 * @param {string} text @param {string} lower @param {string} hrp @param {string} data @param {string|null} named
 * @returns {{chain: string, evm?: string}} and the bytes of an EVM account
 */
export function cosmic(text, lower, hrp, data, named) {
  const found = b58.bech32(hrp, data);
  address(found !== null);
  must(found.residue === (UNIFIED_PARTS.includes(hrp) ? 0x2bc830a3 : 1), "BAD_CHECKSUM");
  const { data: bytes, spare, left } = joined(found.digits.slice(0, -6), 5);
  address(left <= 4 && spare === 0n);
  if (UNIFIED_PARTS.includes(hrp)) {
    unified(text, lower, hrp, bytes);
    return { chain: on.ZEC };
  }
  must(text === lower || text === text.toUpperCase(), "MIXED_CASE");
  must(!TEST_PARTS.includes(hrp), "TESTNET");
  if (EVM_PARTS[hrp] !== undefined) {
    must(bytes.length === 20, "BAD_LENGTH");
    return { chain: EVM_PARTS[hrp], evm: hex(bytes) };
  }
  if (COSMIC[hrp] !== undefined) {
    const [chains, sizes, heads] = COSMIC[hrp];
    must(sizes.includes(bytes.length), "BAD_LENGTH");
    address(heads === undefined || heads.includes(bytes[0]));
    must(chains.length === 1 || named !== null, "UNKNOWN_CHAIN");
    return { chain: chains.includes(named) ? named : chains[0] };
  }
  if (HASHES[hrp] !== undefined) {
    must(HASHES[hrp][1].includes(bytes.length), "BAD_LENGTH");
    return { chain: HASHES[hrp][0] };
  }
  const size = bytes.length > 0 && (bytes[0] & 15) === 1 ? CARDANO[hrp][bytes[0] >> 4] : undefined;
  address(size !== undefined);
  must(size === bytes.length, "BAD_LENGTH");
  return { chain: on.ADA };
}

/** @param {string} text @returns {string} */
export function eos(text) {
  address(/^[a-z1-5.]{0,11}[a-z1-5]$/.test(text));
  return text;
}

/** @param {Uint8Array} data @returns {string} */
function base32(data) {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[parseInt(five.padEnd(5, "0"), 2)]).join("");
}

const fromBase32 = (text) => joined([...text].map((character) => BASE32.indexOf(character)), 5);
const crc = (data) => {
  const value = b58.crc16(data);
  return Uint8Array.of(value & 255, value >> 8);
};

/** @param {string} text */
function stellar(text) {
  const match = /^([GM][A-Z2-7]+)(?:-([-.%0-9A-Za-z]{1,64}))?$/.exec(text);
  address(match !== null);
  const [, plain, memo] = match;
  must(plain.length === { G: 56, M: 69 }[plain[0]], "BAD_LENGTH");
  const { data, spare } = fromBase32(plain);
  must(equal(crc(data.subarray(0, -2)), data.subarray(-2)), "BAD_CHECKSUM");
  address(spare === 0n);
  const number = data.subarray(33, -2);
  address([48, 96].includes(data[0]) && (number.length === 0 || memo === undefined));
  if (number.length > 0) {
    const owner = concat(Uint8Array.of(48), data.subarray(1, 33));
    const more = { tag: String(BigInt(`0x${hex(number)}`)), parent: base32(concat(owner, crc(owner))) };
    return { chain: on.XLM, address: plain, more };
  }
  if (memo === undefined) return { chain: on.XLM, address: plain };
  return { chain: on.XLM, address: plain, more: { tag: memo, local: `${plain}-${memo}`, parent: plain } };
}

/** @param {string} text */
function algorand(text) {
  address(/^[A-Z2-7]+$/.test(text));
  const { data, spare } = fromBase32(text);
  must(equal(sha512_256(data.subarray(0, 32)).subarray(-4), data.subarray(32)), "BAD_CHECKSUM");
  address(spare === 0n);
  return { chain: on.ALGO, address: text };
}

const ss58Check = (body) => blake2b(concat(utf8("SS58PRE"), body)).subarray(0, 2);

/** @param {string} text @param {string|null} named */
function ss58(text, named) {
  const data = b58.decode(text, b58.BITCOIN);
  if (data === null || data.length !== 35) return null;
  if (!equal(ss58Check(data.subarray(0, -2)), data.subarray(-2))) {
    must(![0, 2, 42].includes(data[0]), "BAD_CHECKSUM");
    return null;
  }
  const prefix = { [on.DOT]: 0, [on.KSM]: 2 }[named];
  if (data[0] === 42 && prefix !== undefined) {
    const body = concat(Uint8Array.of(prefix), data.subarray(1, 33));
    return { chain: named, address: b58.encode(concat(body, ss58Check(body)), b58.BITCOIN) };
  }
  const chain = { 0: on.DOT, 2: on.KSM }[data[0]];
  must(chain !== undefined, "UNKNOWN_CHAIN");
  return { chain, address: text };
}

/** @param {Uint8Array} data @returns {number} */
function crc32(data) {
  let state = 0xffffffff;
  for (const byte of data) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0xedb88320 : state >>> 1;
  }
  return (state ^ 0xffffffff) >>> 0;
}

/** @param {string} text */
function byron(text) {
  const data = b58.decode(text, b58.BITCOIN);
  if (data !== null && data.length === 38 && [1, 0x11].includes(data[0])) {
    must(equal(blake2b(data.subarray(0, -4), { dkLen: 32 }).subarray(0, 4), data.subarray(-4)), "BAD_CHECKSUM");
    must(data[0] === 1, "TESTNET");
    return { chain: NAMES.ERG, address: text };
  }
  if (data === null || !hex(data).startsWith("82d81858")) return null;
  const size = data.length > 4 ? data[4] : 0;
  const [body, tail] = [data.subarray(5, 5 + size), data.subarray(5 + size)];
  const head = { 5: 0x1a, 3: 0x19 }[tail.length];
  must(head !== undefined && tail[0] === head && parseInt(hex(tail.subarray(1)), 16) === crc32(body), "BAD_CHECKSUM");
  const digits = hex(body);
  must(!/^83581c.{56}(?:a102|a201)(?:..)*0[0-2]$/.test(digits), "TESTNET");
  address(/^83581c.{56}(?:a0|a101(?:4.|5[0-8])(?:..)*)0[0-2]$/.test(digits));
  return { chain: on.ADA, address: text };
}

/** @param {string} text of more than 44 characters @param {string|null} named */
export function longer(text, named) {
  if ([56, 69].includes(text.length) || text.includes("-")) {
    if (/^[GM][A-Z2-7]{20}/.test(text)) return stellar(text);
  }
  if (text.length === 58 && text === text.toUpperCase() && /[A-Z]/.test(text)) return algorand(text);
  if (!/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return null;
  const found = text.length >= 46 && text.length <= 48 ? ss58(text, named) : byron(text);
  must(found !== null, "BAD_LENGTH");
  return found;
}
