"""Families of chains that differ by a number or a word alone: the tables of their addresses.

`COSMIC`: bech32 with a human-readable part of its own. `RELATIVES`: relatives of Bitcoin, by their versions.

A version of one byte is used by many chains, of which only some are here. So what such a version says of a bare text
stays what it has always been (`comity.wallets.coins`), and a chain of `RELATIVES` takes it only where that chain is
named. A human-readable part belongs to one chain (SLIP-173) and says it by itself; `terra` belongs to two, and one of
them must be named.

Identifiers: of the chain itself for the relatives of the Cosmos Hub, as their profile asks; SLIP-44 for the others.

Never does: read anything.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Cosmic(NamedTuple):
    """A chain whose addresses are bech32 of bytes."""

    caip2: str
    name: str
    symbols: tuple[str, ...]
    aliases: tuple[str, ...]
    part: str
    """Human-readable part."""
    sizes: tuple[int, ...]
    """How many bytes there may be."""
    head: bytes = b""
    """What the bytes may begin with, one byte each; empty where that says nothing."""


class Relative(NamedTuple):
    """A relative of Bitcoin."""

    caip2: str
    name: str
    symbols: tuple[str, ...]
    aliases: tuple[str, ...]
    versions: str
    """Versions in hexadecimal; `05>3F` is an old one, which is written again with the new."""
    part: str = ""
    """Human-readable part of its segregated-witness addresses."""


_KEY, _MODULE = (20,), (20, 32)

COSMIC: Final = (
    Cosmic("cosmos:osmosis-1", "Osmosis", ("OSMO",), ("OSMOSIS",), "osmo", _MODULE),
    Cosmic("cosmos:phoenix-1", "Terra", ("LUNA",), ("TERRA", "LUNA2"), "terra", _MODULE),
    Cosmic("cosmos:columbus-5", "Terra Classic", ("LUNC", "USTC"), ("TERRA CLASSIC",), "terra", _MODULE),
    Cosmic("cosmos:kava_2222-10", "Kava", ("KAVA",), (), "kava", _MODULE),
    Cosmic("cosmos:injective-1", "Injective", ("INJ",), ("INJECTIVE",), "inj", _KEY),
    Cosmic("cosmos:crypto-org-chain-mainnet-1", "Cronos POS", ("CRO",), ("CRYPTO.ORG", "CRONOS POS"), "cro", _MODULE),
    Cosmic("cosmos:laozi-mainnet", "BandChain", ("BAND",), ("BANDCHAIN", "BAND PROTOCOL"), "band", _MODULE),
    Cosmic("cosmos:akashnet-2", "Akash", ("AKT",), ("AKASH", "AKASH NETWORK"), "akash", _MODULE),
    Cosmic("cosmos:axelar-dojo-1", "Axelar", ("AXL",), ("AXELAR",), "axelar", (20, 32)),
    Cosmic("cosmos:celestia", "Celestia", ("TIA",), ("CELESTIA",), "celestia", _MODULE),
    Cosmic("cosmos:dydx-mainnet-1", "dYdX", ("DYDX",), (), "dydx", _MODULE),
    Cosmic("cosmos:irishub-1", "IRISnet", ("IRIS",), ("IRISNET", "IRIS NETWORK"), "iaa", _MODULE),
    Cosmic("cosmos:juno-1", "Juno", ("JUNO",), (), "juno", _MODULE),
    Cosmic("cosmos:secret-4", "Secret Network", ("SCRT",), ("SECRET", "SECRET NETWORK"), "secret", _MODULE),
    Cosmic("cosmos:pacific-1", "Sei", ("SEI",), (), "sei", _MODULE),
    Cosmic("cosmos:stargaze-1", "Stargaze", ("STARS",), ("STARGAZE",), "stars", _MODULE),
    Cosmic("cosmos:thorchain-1", "THORChain", ("RUNE",), ("THORCHAIN",), "thor", _MODULE),
    Cosmic("cosmos:neutron-1", "Neutron", ("NTRN",), ("NEUTRON",), "neutron", _MODULE),
    Cosmic("cosmos:fetchhub-4", "Fetch.ai", ("FET",), ("FETCH.AI", "FETCH"), "fetch", _MODULE),
    Cosmic("slip44:313", "Zilliqa", ("ZIL",), ("ZILLIQA",), "zil", _KEY),
    Cosmic("slip44:508", "MultiversX", ("EGLD",), ("MULTIVERSX", "ELROND"), "erd", (32,)),
    Cosmic("slip44:474", "Oasis", ("ROSE",), ("OASIS", "OASIS NETWORK"), "oasis", (21,), b"\x00"),
    Cosmic("slip44:4218", "IOTA", ("IOTA", "MIOTA"), (), "iota", (33,), b"\x00\x08\x10"),
    Cosmic("slip44:4219", "Shimmer", ("SMR",), ("SHIMMER",), "smr", (33,), b"\x00\x08\x10"),
)

EVM_PARTS: Final = {"one": "eip155:1666600000", "ex": "eip155:66"}
"""Human-readable parts that stand for the 20 bytes of an EVM account: Harmony's and OKX Chain's."""

COSMIC_TEST: Final = {
    "tcro": "Cronos POS testnet",
    "terrat": "Terra testnet",
    "tthor": "THORChain testnet",
    "atoi": "IOTA testnet",
    "rms": "Shimmer testnet",
    "tzil": "Zilliqa testnet",
}
"""Human-readable parts of test networks."""

RELATIVES: Final = (
    Relative("slip44:20", "DigiByte", ("DGB",), ("DIGIBYTE",), "1E 3F 05>3F", "dgb"),
    Relative("slip44:28", "Vertcoin", ("VTC",), ("VERTCOIN",), "47 05", "vtc"),
    Relative("slip44:888", "Neo (N3 and Legacy)", ("NEO",), ("NEO3", "NEO N3", "NEO LEGACY"), "35 17"),
    Relative("slip44:2301", "Qtum", ("QTUM",), (), "3A 32", "qc"),
    Relative("slip44:175", "Ravencoin", ("RVN",), ("RAVENCOIN",), "3C 7A"),
    Relative("slip44:141", "Komodo", ("KMD",), ("KOMODO",), "3C 55"),
    Relative("slip44:121", "Horizen", ("ZEN",), ("HORIZEN", "ZENCASH"), "2089 2096"),
    Relative("slip44:7", "Namecoin", ("NMC",), ("NAMECOIN",), "34 0D", "nc"),
    Relative("slip44:6", "Peercoin", ("PPC",), ("PEERCOIN",), "37 75", "pc"),
    Relative("slip44:24", "Primecoin", ("XPM",), ("PRIMECOIN",), "17 53"),
    Relative("slip44:85", "Auroracoin", ("AUR",), ("AURORACOIN",), "17"),
    Relative("slip44:217", "Megacoin", ("MEC",), ("MEGACOIN",), "32"),
    Relative("slip44:22", "Monacoin", ("MONA",), ("MONACOIN",), "32 37 05>37", "mona"),
    Relative("slip44:119", "PIVX", ("PIVX",), (), "1E 0D"),
    Relative("slip44:147", "Zclassic", ("ZCL",), ("ZCLASSIC",), "1CB8 1CBD"),
    Relative("slip44:177", "BitcoinZ", ("BTCZ",), ("BITCOINZ",), "1CB8 1CBD"),
    Relative("slip44:197", "Hush", ("HUSH",), (), "1CB8 1CBD"),
    Relative("slip44:183", "Bitcoin Private", ("BTCP",), ("BITCOIN PRIVATE", "BITCOINPRIVATE"), "1325 13AF"),
    Relative("slip44:140", "LBRY Credits", ("LBC",), ("LBRY", "LBRY CREDITS"), "55 7A"),
    Relative("slip44:58", "SolarCoin", ("SLR",), ("SOLARCOIN",), "12"),
    Relative("slip44:154", "BioCoin", ("BIO",), ("BIOCOIN",), "19 14"),
    Relative("slip44:57", "Syscoin", ("SYS",), ("SYSCOIN",), "3F 05", "sys"),
    Relative("slip44:136", "Firo", ("FIRO", "XZC"), ("ZCOIN",), "52 07"),
    Relative("slip44:17", "Groestlcoin (segregated witness only)", ("GRS",), ("GROESTLCOIN",), "", "grs"),
    Relative("slip44:69420", "Garlicoin", ("GRLC",), ("GARLICOIN",), "26 05", "grlc"),
    Relative("slip44:2302", "Metaverse", ("ETP",), ("METAVERSE", "METAVERSE ETP"), "32 05"),
    Relative("slip44:1969", "Mavryk", ("MVRK",), ("MAVRYK",), "05BAC4 05BAC7 05BAC9"),
)
