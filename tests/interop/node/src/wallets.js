/** Accounts and transactions in their canonical form (PROTOCOL.md, section 8). Every failure is one of its kinds. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { keccak_256 as keccak } from "@noble/hashes/sha3.js";

import * as b58 from "./base58.js";
import { concat, equal, hex, utf8 } from "./bytes.js";
import { BTC, BTG, EOS, EVM_ANY, LTC, MONERO, SOLANA, TON, XRPL, caip2, chainNamed, settle } from "./chains.js";
import { cash, coin, cosmic, eos, HUMAN_PARTS, isCash, longer } from "./ledgers.js";
import { NAMES, RELATIVES, SEGWIT as FURTHER_SEGWIT } from "./families.js";
import { byName, own } from "./ownforms.js";
import { must } from "./refusal.js";

const LONGEST = 256;
const SEGWIT = { bc: BTC, ltc: LTC, btg: BTG, tb: null, bcrt: null, tltc: null, rltc: null, tbtg: null, ...FURTHER_SEGWIT };
const EOS_LIKE = [EOS, NAMES.TLOS, NAMES.WAX];
const LONG_HEX = [NAMES.APT, NAMES.SUI];
const MONERO_KINDS = { 18: 69, 42: 69, 19: 77 };
const MONERO_TEST = [53, 54, 63, 24, 25, 36];
const MONERO_TEXT = { 95: 69, 106: 77 };

const address = (holds) => must(holds, "NOT_AN_ADDRESS");
const ofChain = (chain) => (must(chain !== null, "TESTNET"), must(chain !== undefined, "UNKNOWN_CHAIN"), chain);

/** @param {string} chain @param {string} text @param {string} checksum @param {object} [more] */
function reading(chain, text, checksum, more = {}) {
  return { chain, address: text, checksum, tag: null, local: text, parent: null, ...more };
}

/** @param {string} text @param {string|null} named */
function evm(text, named) {
  const digits = text.slice(2);
  if (LONG_HEX.includes(named)) {
    address(/^[0-9a-fA-F]+$/.test(digits));
    must(digits.length === 64, "BAD_LENGTH");
    return reading(named, text.toLowerCase(), "ABSENT");
  }
  address(/^[0-9a-fA-F]+$/.test(digits));
  must(digits.length === 40, "BAD_LENGTH");
  const lower = digits.toLowerCase();
  const pattern = hex(keccak(utf8(lower)));
  const canonical = [...lower].map((c, i) => (pattern[i] > "7" ? c.toUpperCase() : c)).join("");
  const one = digits === lower || digits === digits.toUpperCase();
  must(one || digits === canonical, "BAD_CHECKSUM");
  const valid = digits === canonical && !/^[0-9]+$/.test(digits);
  return reading(named === NAMES.VET ? named : EVM_ANY, `0x${canonical}`, valid ? "VALID" : "ABSENT");
}

/** @param {string} text @param {string} lower @param {string} hrp @param {string} data */
function segwit(text, lower, hrp, data) {
  const found = b58.bech32(hrp, data);
  address(found !== null);
  const { digits, residue } = found;
  must(digits.length >= 7 && text.length <= 90, "BAD_LENGTH");
  must(residue === (digits[0] === 0 ? 1 : 0x2bc830a3), "BAD_CHECKSUM");
  address(digits[0] <= 16);
  const bits = 5 * (digits.length - 7);
  const [size, spare] = [Math.floor(bits / 8), bits % 8];
  must(size >= 2 && size <= 40 && (digits[0] !== 0 || size === 20 || size === 32), "BAD_LENGTH");
  address(spare <= 4 && (digits.at(-7) & ((1 << spare) - 1)) === 0);
  must(text === lower || text === text.toUpperCase(), "MIXED_CASE");
  return reading(ofChain(SEGWIT[hrp]), lower, "VALID");
}

/** @param {string} text @param {string|null} named */
function base58(text, named) {
  const data = b58.decode(text, b58.BITCOIN);
  address(data !== null);
  if (data.length === 32) return reading(SOLANA, text, "ABSENT");
  const found = coin(text, data, named);
  return reading(found.chain, found.address, "VALID");
}

/** @param {string} text @param {number|null} tag */
function tagged(text, tag) {
  if (tag === null) return reading(XRPL, text, "VALID");
  return reading(XRPL, text, "VALID", { tag: String(tag), local: `${text}-${tag}`, parent: text });
}

/** @param {string} text */
function xrp(text) {
  const match = /^(r[1-9A-HJ-NP-Za-km-z]{24,34})(?:-(0|[1-9][0-9]{0,9}))?$/.exec(text);
  const data = match && b58.decode(match[1], b58.RIPPLE);
  address(data);
  must(data.length === 25, "BAD_LENGTH");
  must(b58.verifies(data), "BAD_CHECKSUM");
  const tag = match[2] === undefined ? null : Number(match[2]);
  address(tag === null || tag < 2 ** 32);
  return tagged(match[1], tag);
}

/** @param {string} text */
function xAddress(text) {
  const data = b58.decode(text, b58.RIPPLE);
  address(data !== null && data.length === 35);
  must(b58.verifies(data), "BAD_CHECKSUM");
  const [prefix, flag, tag] = [hex(data.subarray(0, 2)), data[22], Buffer.from(data).readUInt32LE(23)];
  address(["0544", "0493"].includes(prefix) && flag <= 1 && data.subarray(27, 31).every((byte) => byte === 0));
  address(flag === 1 || tag === 0);
  must(prefix === "0544", "TESTNET");
  const payload = concat(Uint8Array.of(0), data.subarray(2, 22));
  return tagged(b58.encode(concat(payload, b58.checksum(payload)), b58.RIPPLE), flag === 1 ? tag : null);
}

/** @param {string} text */
function monero(text) {
  const data = b58.decodeBlocks(text);
  address(data !== null);
  must(equal(keccak(data.subarray(0, -4)).subarray(0, 4), data.subarray(-4)), "BAD_CHECKSUM");
  must(!MONERO_TEST.includes(data[0]), "TESTNET");
  must(MONERO_KINDS[data[0]] !== undefined, "UNKNOWN_CHAIN");
  must(MONERO_KINDS[data[0]] === data.length, "BAD_LENGTH");
  for (const key of [data.subarray(1, 33), data.subarray(33, 65)]) {
    try {
      ed25519.Point.fromBytes(key);
    } catch {
      address(false);
    }
  }
  const id = data.subarray(65, -4);
  if (id.length === 0) return reading(MONERO, text, "VALID");
  const standard = concat(Uint8Array.of(0x12), data.subarray(1, 65));
  const parent = b58.encodeBlocks(concat(standard, keccak(standard).subarray(0, 4)));
  return reading(MONERO, text, "VALID", { tag: hex(id), parent });
}

/** @param {string} workchain @param {string} digits @param {string} checksum */
function ton(workchain, digits, checksum) {
  return reading(TON, `${workchain}:${digits}`, checksum, { local: `${workchain}%3A${digits}` });
}

/** @param {string} text */
function tonFriendly(text) {
  const data = new Uint8Array(Buffer.from(text, "base64"));
  must(b58.crc16(data.subarray(0, 34)) === Buffer.from(data).readUInt16BE(34), "BAD_CHECKSUM");
  const workchain = { 0x00: "0", 0xff: "-1" }[data[1]];
  address(workchain !== undefined);
  must((data[0] & 0x80) === 0, "TESTNET");
  return ton(workchain, hex(data.subarray(2, 34)), "VALID");
}

/** @param {string} text @param {string|null} named */
function read(text, named) {
  if (text.startsWith("0x")) return evm(text, named);
  const lower = text.toLowerCase();
  const at = lower.indexOf("1");
  const [hrp, data] = [lower.slice(0, at), lower.slice(at + 1)];
  const isSegwit = Object.hasOwn(SEGWIT, hrp);
  if (at > 0 && (isSegwit || HUMAN_PARTS.includes(hrp))) {
    const oneCase = text === lower || text === text.toUpperCase();
    if (oneCase || [1, 0x2bc830a3].includes(b58.bech32(hrp, data)?.residue)) {
      if (isSegwit) return segwit(text, lower, hrp, data);
      const found = cosmic(text, lower, hrp, data, named);
      return reading(found.chain, found.evm === undefined ? lower : evm(`0x${found.evm}`, null).address, "VALID");
    }
  }
  const alone = own(text);
  if (alone !== null) return reading(alone.chain, alone.address, alone.checksum ?? "VALID");
  if (/^xdc[0-9a-fA-F]{40}/.test(text)) return { ...evm(`0x${text.slice(3)}`, null), chain: "eip155:50" };
  if (/^[EUk0][Qf](?:[-_0-9A-Za-z]{46}|[+/0-9A-Za-z]{46})$/.test(text)) return tonFriendly(text);
  const raw = /^(0|-1)(?::|%3[Aa])([0-9a-fA-F]{64})$/.exec(text);
  if (raw !== null) return ton(raw[1], raw[2].toLowerCase(), "ABSENT");
  if (EOS_LIKE.includes(named)) return reading(named, eos(text), "ABSENT");
  const called = byName(text, named);
  if (called !== null) return reading(called.chain, called.address, called.checksum ?? "VALID");
  if (text.startsWith("r") && !RELATIVES[named]?.includes("7a") && (text.length <= 35 || text.includes("-"))) return xrp(text);
  if (text.length === 47 && "XT".includes(text[0])) return xAddress(text);
  if (isCash(text)) {
    const found = cash(text, named);
    return reading(found.chain, found.address, "VALID");
  }
  if (MONERO_TEXT[text.length] !== undefined && !text.startsWith("Ddz")) return monero(text);
  if (text.length >= 25 && text.length <= 44) return base58(text, named);
  const found = text.length > 44 ? longer(text, named) : null;
  address(found !== null);
  return reading(found.chain, found.address, "VALID", found.more);
}

/** @param {string} text CAIP-10 or a bare address @param {string|null} chain that was named beside it */
export function account(text, chain) {
  let named = chainNamed(chain);
  let body = text.trim();
  address(/^[\x20-\x7e]{0,256}$/.test(body) && body.length <= LONGEST);
  const caip = /^([-a-z0-9]{3,8}:(?:[-_a-zA-Z0-9]{1,32}|\*)):(.+)$/.exec(body);
  if (caip !== null) {
    const prefix = caip2(caip[1]);
    body = caip[2];
    named = named === EVM_ANY ? settle(named, prefix) : settle(prefix, named);
  }
  const found = read(body, named);
  const on = settle(found.chain, named);
  return {
    caip10: `${on}:${found.local}`,
    address: found.address,
    checksum: found.checksum,
    tag: found.tag,
    parent: found.parent === null ? null : `${on}:${found.parent}`,
  };
}

/** @param {string} text @param {string|null} chain that was named beside it @returns {string} canonical */
export function transaction(text, chain) {
  let named = chainNamed(chain);
  let body = text.trim();
  const caip = /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):tx\/(.+)$/.exec(body);
  if (caip !== null) {
    const prefix = caip2(caip[1]);
    must(named === null || named === prefix, "WRONG_CHAIN");
    [named, body] = [prefix, caip[2]];
  }
  must(named !== null && !["eip155:*", "eip155:0"].includes(named), "UNKNOWN_CHAIN");
  return `${named}:tx/${identifier(body, named)}`;
}

/** @param {string} text @param {string} chain @returns {string} */
function identifier(text, chain) {
  const sound = (holds) => must(holds, "NOT_A_TRANSACTION");
  if (chain === SOLANA) {
    sound(text.length >= 64 && text.length <= 88 && b58.decode(text, b58.BITCOIN)?.length === 64);
    return text;
  }
  if (chain === TON && /^[-_+/0-9A-Za-z]{43}=$/.test(text)) return Buffer.from(text, "base64").toString("hex");
  const prefix = chain.startsWith("eip155:") ? "0x" : "";
  sound(text.startsWith(prefix) && /^[0-9a-fA-F]{64}$/.test(text.slice(prefix.length)));
  const digits = text.slice(prefix.length);
  return chain === XRPL ? digits.toUpperCase() : prefix + digits.toLowerCase();
}
