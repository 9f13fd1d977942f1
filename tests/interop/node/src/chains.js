/** Chains by the names that people and machines give them (PROTOCOL.md, section 8). */

import { NAMES as FURTHER, TESTNETS as FURTHER_TESTNETS } from "./families.js";
import { must } from "./refusal.js";

export const BTC = "bip122:000000000019d6689c085ae165831e93";
export const LTC = "bip122:12a765e31ffd4059bada1e25190f6e98";
export const TRON = "tron:0x2b6653dc";
export const SOLANA = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
export const XRPL = "xrpl:0";
export const MONERO = "monero:418015bb9ae982a1975da7d79277c270";
export const TON = "ton:-239";
export const EVM_ANY = "eip155:*";
export const BCH = "bip122:000000000000000000651ef99cb9fcbe";
export const BSV = "bip122:000000000000000001d956714215d96f";
export const BTG = "slip44:156";
export const DASH = "bip122:00000ffd590b1485b3caadc19b22e637";
export const DOGE = "bip122:1a91e3dace36e2be3bf030a65679fe82";
export const XVG = "bip122:00000fc63692467faeb20cdb3b53200d";
export const ZEC = "bip122:00040fe8ec8471911baa1db1266ea15d";
export const XLM = "stellar:pubnet";
export const DOT = "polkadot:91b171bb158e2d3848fa23a9f1c25182";
export const KSM = "polkadot:b0a8d493285c2df73290dfb7e61f870f";
export const ATOM = "cosmos:cosmoshub-4";
export const BEP2 = "cosmos:Binance-Chain-Tigris";
export const ADA = "cip34:1-764824073";
export const ALGO = "algorand:wGHE2Pwdvd7S12BL5FaOP20EGYesN73k";
export const XTZ = "tezos:NetXdQprcVkpaWU";
export const EOS = "antelope:aca376f206b8fc25a6ed44dbdc66547c";

const NAMES = {
  BTC,
  XBT: BTC,
  BITCOIN: BTC,
  LTC,
  LITECOIN: LTC,
  ETH: "eip155:1",
  ETHEREUM: "eip155:1",
  ETC: "eip155:61",
  BSC: "eip155:56",
  TRX: TRON,
  TRON,
  "tron:728126428": TRON,
  SOL: SOLANA,
  SOLANA,
  XRP: XRPL,
  RIPPLE: XRPL,
  XRPL,
  XMR: MONERO,
  MONERO,
  TON,
  TONCOIN: TON,
  "tvm:-239": TON,
  BCH,
  "BITCOIN CASH": BCH,
  BITCOINCASH: BCH,
  BSV,
  BCHSV: BSV,
  "BITCOIN SV": BSV,
  BITCOINSV: BSV,
  BTG,
  "BITCOIN GOLD": BTG,
  BITCOINGOLD: BTG,
  DASH,
  DOGE,
  DOGECOIN: DOGE,
  XVG,
  VERGE: XVG,
  ZEC,
  ZCASH: ZEC,
  XLM,
  STELLAR: XLM,
  DOT,
  POLKADOT: DOT,
  KSM,
  KUSAMA: KSM,
  ATOM,
  COSMOS: ATOM,
  "COSMOS HUB": ATOM,
  "cosmos:cosmoshub-3": ATOM,
  "cosmos:cosmoshub-2": ATOM,
  BEP2,
  "BNB BEACON CHAIN": BEP2,
  "BINANCE CHAIN": BEP2,
  ADA,
  CARDANO: ADA,
  ALGO,
  ALGORAND: ALGO,
  XTZ,
  TEZOS: XTZ,
  EOS,
  EOSIO: EOS,
  ...FURTHER,
};
const CANONICAL = new Set(Object.values(NAMES));
const ON_MANY = ["USDT", "USDC"];
const EVM_TESTNETS = [
  3, 4, 5, 31, 42, 51, 63, 97, 300, 338, 420, 919, 1001, 1287, 1337, 1442, 2442, 4002, 5003, 5611, 10200, 17000, 31337,
  43113, 44787, 59140, 59141, 80001, 80002, 80069, 84531, 84532, 421613, 421614, 534351, 560048, 11155111, 11155420,
  168587773,
];
const TESTNETS = new Set([
  ...EVM_TESTNETS.map((id) => `eip155:${id}`),
  "bip122:000000000933ea01ad0ee984209779ba",
  "bip122:00000000da84f2bafbbc53dee25a72ae",
  "bip122:00000008819873e925422c1ff0f99f7c",
  "bip122:0f9188f13cb7b2c71f2a335e3a4fc328",
  "bip122:4966625a4b2851d9fdee139e56211a0d",
  "bip122:530827f38f93b43ed12af0b3ad25a288",
  "tron:0x94a9059e",
  "tron:2494104990",
  "tron:0xcd8690dc",
  "tron:3448148188",
  "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
  "solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z",
  "xrpl:1",
  "xrpl:2",
  "xrpl:25",
  "monero:76ee3cc98646292206cd3e86f74d88b4",
  "monero:48ca7cd3c8de5b6a4d53d2861fbdaedc",
  "monero:00000000000000000000000000000000",
  "ton:-3",
  "tvm:-3",
  "bip122:bb0a78264637406b6360aad926284d54",
  "bip122:00000bafbc94add76cb75e2ec9289483",
  "bip122:05a60a92d99d85997cce3b87616c089f",
  "stellar:testnet",
  "algorand:SGO1GKSzyE7IEPItTxCByw9x8FmnrCDe",
  "cip34:0-1",
  "cip34:0-2",
  ...FURTHER_TESTNETS,
]);

/** @param {string} text CAIP-2, or `eip155:*` @returns {string} its canonical spelling */
export function caip2(text) {
  must(!TESTNETS.has(text), "TESTNET");
  if (/^eip155:(0|[1-9][0-9]{0,31}|\*)$/.test(text) || CANONICAL.has(text)) return text;
  must(NAMES[text] !== undefined, "UNKNOWN_CHAIN");
  return NAMES[text];
}

/**
 * @param {string|null} hint CAIP-2, a symbol or a name in any case @returns {string|null} null where it says nothing
 */
export function chainNamed(hint) {
  if (hint === null) return null;
  const text = hint.trim();
  if (text.includes(":")) return caip2(text);
  return ON_MANY.includes(text.toUpperCase()) ? null : caip2(text.toUpperCase());
}

/** @param {string} found @param {string|null} named @returns {string} the chain that both say */
export function settle(found, named) {
  if (named === null || found === named) return found;
  must(found === EVM_ANY && named.startsWith("eip155:"), "WRONG_CHAIN");
  return named;
}
