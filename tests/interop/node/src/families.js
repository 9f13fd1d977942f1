/** Chains that differ by a word or a number: bech32 parts and versions of relatives of Bitcoin (PROTOCOL.md, section 8). */

const MODULE = [20, 32];

/** By human-readable part: the chains that have it, how many bytes there are, what they may begin with. */
export const COSMIC = {
  osmo: [["cosmos:osmosis-1"], MODULE],
  terra: [["cosmos:phoenix-1", "cosmos:columbus-5"], MODULE],
  kava: [["cosmos:kava_2222-10"], MODULE],
  inj: [["cosmos:injective-1"], [20]],
  cro: [["cosmos:crypto-org-chain-mainnet-1"], MODULE],
  band: [["cosmos:laozi-mainnet"], MODULE],
  akash: [["cosmos:akashnet-2"], MODULE],
  axelar: [["cosmos:axelar-dojo-1"], MODULE],
  celestia: [["cosmos:celestia"], MODULE],
  dydx: [["cosmos:dydx-mainnet-1"], MODULE],
  iaa: [["cosmos:irishub-1"], MODULE],
  juno: [["cosmos:juno-1"], MODULE],
  secret: [["cosmos:secret-4"], MODULE],
  sei: [["cosmos:pacific-1"], MODULE],
  stars: [["cosmos:stargaze-1"], MODULE],
  thor: [["cosmos:thorchain-1"], MODULE],
  neutron: [["cosmos:neutron-1"], MODULE],
  fetch: [["cosmos:fetchhub-4"], MODULE],
  zil: [["slip44:313"], [20]],
  erd: [["slip44:508"], [32]],
  oasis: [["slip44:474"], [21], [0]],
  iota: [["slip44:4218"], [33], [0, 8, 16]],
  smr: [["slip44:4219"], [33], [0, 8, 16]],
};
export const EVM_PARTS = { one: "eip155:1666600000", ex: "eip155:66" };
export const COSMIC_TEST = ["tcro", "terrat", "tthor", "atoi", "rms", "tzil"];
export const SEGWIT = {
  dgb: "slip44:20", vtc: "slip44:28", qc: "slip44:2301", nc: "slip44:7", pc: "slip44:6", mona: "slip44:22",
  sys: "slip44:57", grs: "slip44:17", grlc: "slip44:69420", dgbt: null, tvtc: null, tgrs: null, tsys: null,
  tmona: null, tq: null,
};

/** Versions by chain, in lower-case hexadecimal; a pair is an old one and the one that it is written again with. */
export const RELATIVES = {
  "slip44:20": ["1e", "3f", ["05", "3f"]], "slip44:28": ["47", "05"], "slip44:888": ["35", "17"],
  "slip44:2301": ["3a", "32"], "slip44:175": ["3c", "7a"], "slip44:141": ["3c", "55"],
  "slip44:121": ["2089", "2096"], "slip44:7": ["34", "0d"], "slip44:6": ["37", "75"], "slip44:24": ["17", "53"],
  "slip44:85": ["17"], "slip44:217": ["32"], "slip44:22": ["32", "37", ["05", "37"]], "slip44:119": ["1e", "0d"],
  "slip44:147": ["1cb8", "1cbd"], "slip44:177": ["1cb8", "1cbd"], "slip44:197": ["1cb8", "1cbd"],
  "slip44:183": ["1325", "13af"], "slip44:140": ["55", "7a"], "slip44:58": ["12"], "slip44:154": ["19", "14"],
  "slip44:57": ["3f", "05"], "slip44:136": ["52", "07"], "slip44:69420": ["26", "05"], "slip44:2302": ["32", "05"],
  "slip44:1969": ["05bac4", "05bac7", "05bac9"],
};
/** Versions of two bytes and more that one chain alone has. */
export const ALONE = {
  2089: "slip44:121", 2096: "slip44:121", 1325: "slip44:183", "13af": "slip44:183", "05bac4": "slip44:1969",
  "05bac7": "slip44:1969", "05bac9": "slip44:1969", "0157": "slip44:5741564", "054d": "slip44:360",
  "073f": "slip44:42", "071f": "slip44:42", "0701": "slip44:42", "071a": "slip44:42", 2098: null, 2092: null,
  "0154": null, "0554": null, "0f21": null, "0f01": null, "0ee3": null, "0efc": null,
};
/** Test networks' versions that other coins have on their main ones. */
export const NAMED_TEST = { "slip44:2301": ["78", "6e"] };

/** Names and symbols, in upper case. */
export const NAMES = {
  OSMO: "cosmos:osmosis-1", OSMOSIS: "cosmos:osmosis-1", LUNA: "cosmos:phoenix-1", TERRA: "cosmos:phoenix-1",
  LUNA2: "cosmos:phoenix-1", LUNC: "cosmos:columbus-5", USTC: "cosmos:columbus-5", "TERRA CLASSIC": "cosmos:columbus-5",
  KAVA: "cosmos:kava_2222-10", INJ: "cosmos:injective-1", INJECTIVE: "cosmos:injective-1",
  CRO: "cosmos:crypto-org-chain-mainnet-1", "CRYPTO.ORG": "cosmos:crypto-org-chain-mainnet-1",
  "CRONOS POS": "cosmos:crypto-org-chain-mainnet-1", BAND: "cosmos:laozi-mainnet", BANDCHAIN: "cosmos:laozi-mainnet",
  "BAND PROTOCOL": "cosmos:laozi-mainnet", AKT: "cosmos:akashnet-2", AKASH: "cosmos:akashnet-2",
  "AKASH NETWORK": "cosmos:akashnet-2", AXL: "cosmos:axelar-dojo-1", AXELAR: "cosmos:axelar-dojo-1",
  TIA: "cosmos:celestia", CELESTIA: "cosmos:celestia", DYDX: "cosmos:dydx-mainnet-1", IRIS: "cosmos:irishub-1",
  IRISNET: "cosmos:irishub-1", "IRIS NETWORK": "cosmos:irishub-1", JUNO: "cosmos:juno-1", SCRT: "cosmos:secret-4",
  SECRET: "cosmos:secret-4", "SECRET NETWORK": "cosmos:secret-4", SEI: "cosmos:pacific-1", STARS: "cosmos:stargaze-1",
  STARGAZE: "cosmos:stargaze-1", RUNE: "cosmos:thorchain-1", THORCHAIN: "cosmos:thorchain-1",
  NTRN: "cosmos:neutron-1", NEUTRON: "cosmos:neutron-1", FET: "cosmos:fetchhub-4", "FETCH.AI": "cosmos:fetchhub-4",
  FETCH: "cosmos:fetchhub-4", ZIL: "slip44:313", ZILLIQA: "slip44:313", EGLD: "slip44:508", MULTIVERSX: "slip44:508",
  ELROND: "slip44:508", ROSE: "slip44:474", OASIS: "slip44:474", "OASIS NETWORK": "slip44:474", IOTA: "slip44:4218",
  MIOTA: "slip44:4218", SMR: "slip44:4219", SHIMMER: "slip44:4219", DGB: "slip44:20", DIGIBYTE: "slip44:20",
  VTC: "slip44:28", VERTCOIN: "slip44:28", NEO: "slip44:888", NEO3: "slip44:888", "NEO N3": "slip44:888",
  "NEO LEGACY": "slip44:888", QTUM: "slip44:2301", RVN: "slip44:175", RAVENCOIN: "slip44:175", KMD: "slip44:141",
  KOMODO: "slip44:141", ZEN: "slip44:121", HORIZEN: "slip44:121", ZENCASH: "slip44:121", NMC: "slip44:7",
  NAMECOIN: "slip44:7", PPC: "slip44:6", PEERCOIN: "slip44:6", XPM: "slip44:24", PRIMECOIN: "slip44:24",
  AUR: "slip44:85", AURORACOIN: "slip44:85", MEC: "slip44:217", MEGACOIN: "slip44:217", MONA: "slip44:22",
  MONACOIN: "slip44:22", PIVX: "slip44:119", ZCL: "slip44:147", ZCLASSIC: "slip44:147", BTCZ: "slip44:177",
  BITCOINZ: "slip44:177", HUSH: "slip44:197", BTCP: "slip44:183", "BITCOIN PRIVATE": "slip44:183",
  BITCOINPRIVATE: "slip44:183", LBC: "slip44:140", LBRY: "slip44:140", "LBRY CREDITS": "slip44:140",
  SLR: "slip44:58", SOLARCOIN: "slip44:58", BIO: "slip44:154", BIOCOIN: "slip44:154", SYS: "slip44:57",
  SYSCOIN: "slip44:57", FIRO: "slip44:136", XZC: "slip44:136", ZCOIN: "slip44:136", GRS: "slip44:17",
  GROESTLCOIN: "slip44:17", GRLC: "slip44:69420", GARLICOIN: "slip44:69420", ETP: "slip44:2302",
  METAVERSE: "slip44:2302", "METAVERSE ETP": "slip44:2302", MVRK: "slip44:1969", MAVRYK: "slip44:1969",
  APT: "aptos:1", APTOS: "aptos:1", SUI: "sui:mainnet", VET: "vechain:b1ac3413d346d43539627e6be7ec1b4a",
  VTHO: "vechain:b1ac3413d346d43539627e6be7ec1b4a", VECHAIN: "vechain:b1ac3413d346d43539627e6be7ec1b4a",
  FIL: "fil:f", FILECOIN: "fil:f", NANO: "slip44:165", XNO: "slip44:165", NEAR: "near:mainnet",
  HBAR: "hedera:mainnet", HEDERA: "hedera:mainnet", STX: "stacks:1", STACKS: "stacks:1", ICX: "slip44:74",
  ICON: "slip44:74", NIM: "slip44:242", NIMIQ: "slip44:242", WAVES: "slip44:5741564", VSYS: "slip44:360",
  "V SYSTEMS": "slip44:360", ERG: "ergo:b0244dfc267baca974a4caee06120321",
  ERGO: "ergo:b0244dfc267baca974a4caee06120321", DCR: "slip44:42", DECRED: "slip44:42", XEC: "slip44:899",
  ECASH: "slip44:899", TLOS: "antelope:4667b205c6838ef70ff7988f6e8257e8",
  TELOS: "antelope:4667b205c6838ef70ff7988f6e8257e8", WAXP: "antelope:1064487b3cd1a897ce03ae5b6a865651",
  WAX: "antelope:1064487b3cd1a897ce03ae5b6a865651",
};
export const TESTNETS = [
  "vechain:87721b09ed2e15997f466536b20bb127", "aptos:2", "sui:testnet", "sui:devnet", "near:testnet",
  "hedera:testnet", "hedera:previewnet", "hedera:devnet", "stacks:2147483648", "fil:t",
  "ergo:e7553c9a716bb3983ac8b0c21689a1f3",
];
