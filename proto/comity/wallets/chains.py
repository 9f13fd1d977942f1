"""Which chains there are, by CAIP-2 identifier: the one table that parsing, documentation and tests share.

Identifiers are those of the profiles published in the Chain Agnostic namespaces, as far as there are any. Tron is under
discussion there, and TON has none of its own, only a draft for all chains of its virtual machine that says nothing of
accounts. For both, what wallets use stands (WalletConnect: `tron:0x2b6653dc`, `ton:-239`), and the identifiers of the
drafts (`tron:728126428`, `tvm:-239`) are accepted as other spellings. Relatives of Bitcoin that the profile of `bip122`
does not name have the identifier that its rule gives them: the genesis block, or the first block after a fork. Bitcoin
Gold's has not been published by anybody whose word could be checked: its SLIP-44 number stands for it. Cardano has the
one of CIP-34.

Every `eip155` chain is supported; those on the list of testnets are refused by name, as are the testnets of the rest.
"""

from __future__ import annotations

import re
from functools import lru_cache

from comity.wallets.chain import Chain
from comity.wallets.errors import WalletError, WalletErrorKind
from comity.wallets.further import FURTHER
from comity.wallets.testnets import TESTNETS, of_testnet

BITCOIN = "bip122:000000000019d6689c085ae165831e93"
LITECOIN = "bip122:12a765e31ffd4059bada1e25190f6e98"
ETHEREUM = "eip155:1"
EVM_ANY = "eip155:*"
"""The chain of a bare 0x address: any of them. `*` is no CAIP-2 reference, so it cannot be taken for a chain."""
EVM_ACCOUNT = "eip155:0"
"""The profile's own "no chain in particular", for accounts that people hold. Matches as `EVM_ANY` does."""
TRON = "tron:0x2b6653dc"
SOLANA = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
XRPL = "xrpl:0"
MONERO = "monero:418015bb9ae982a1975da7d79277c270"
TON = "ton:-239"
BITCOIN_CASH = "bip122:000000000000000000651ef99cb9fcbe"
BITCOIN_SV = "bip122:000000000000000001d956714215d96f"
BITCOIN_GOLD = "slip44:156"
DASH = "bip122:00000ffd590b1485b3caadc19b22e637"
DOGECOIN = "bip122:1a91e3dace36e2be3bf030a65679fe82"
VERGE = "bip122:00000fc63692467faeb20cdb3b53200d"
ZCASH = "bip122:00040fe8ec8471911baa1db1266ea15d"
STELLAR = "stellar:pubnet"
POLKADOT = "polkadot:91b171bb158e2d3848fa23a9f1c25182"
KUSAMA = "polkadot:b0a8d493285c2df73290dfb7e61f870f"
COSMOS = "cosmos:cosmoshub-4"
BEACON = "cosmos:Binance-Chain-Tigris"
CARDANO = "cip34:1-764824073"
ALGORAND = "algorand:wGHE2Pwdvd7S12BL5FaOP20EGYesN73k"
TEZOS = "tezos:NetXdQprcVkpaWU"
EOS = "antelope:aca376f206b8fc25a6ed44dbdc66547c"

XDC = "eip155:50"

EVM_PREFIX = "eip155:"

_DOUBLE_SHA = "SHA-256 twice, 4 bytes"


CHAINS: tuple[Chain, ...] = (
    Chain(
        BITCOIN,
        "Bitcoin",
        ("BTC", "XBT"),
        ("BITCOIN",),
        "P2PKH (1…), P2SH (3…), bech32 segwit v0 (bc1q…), bech32m v1 to v16, taproot included (bc1p…)",
        "SHA-256 twice, 4 bytes; bech32 and bech32m, 30 bits",
        True,
    ),
    Chain(
        LITECOIN,
        "Litecoin",
        ("LTC",),
        ("LITECOIN",),
        "P2PKH (L…), P2SH (M…, and 3… when the chain is named), bech32 (ltc1…)",
        "SHA-256 twice, 4 bytes; bech32 and bech32m, 30 bits",
        True,
    ),
    Chain(
        ETHEREUM,
        "Ethereum (every other EVM chain likewise, as eip155:<chain id>)",
        ("ETH",),
        ("ETHEREUM",),
        "0x and 40 hexadecimal digits in EIP-55 case; all lower or all upper case",
        "EIP-55: Keccak-256 in the letters' case; absent in one case",
        True,
    ),
    Chain(TRON, "Tron", ("TRX",), ("TRON", "tron:728126428"), "T…", "SHA-256 twice, 4 bytes", False),
    Chain(SOLANA, "Solana", ("SOL",), ("SOLANA",), "base58 of 32 bytes, 32 to 44 characters", "none", True),
    Chain(
        XRPL,
        "XRP Ledger",
        ("XRP",),
        ("RIPPLE", "XRPL"),
        "classic r… with -<tag> where there is one; X-address",
        "SHA-256 twice, 4 bytes",
        True,
    ),
    Chain(
        MONERO,
        "Monero",
        ("XMR",),
        ("MONERO",),
        "standard (4…), subaddress (8…), integrated (4…, 106 characters)",
        "Keccak-256, 4 bytes",
        True,
    ),
    Chain(
        TON,
        "TON",
        ("TON", "TONCOIN"),
        ("tvm:-239",),
        "raw <workchain>:<64 hexadecimal digits>, its colon as %3A in CAIP-10; user-friendly base64 or base64url",
        "CRC-16/XMODEM in the user-friendly form; absent in the raw form",
        False,
    ),
    Chain(
        BITCOIN_CASH,
        "Bitcoin Cash",
        ("BCH",),
        ("BITCOIN CASH", "BITCOINCASH"),
        "CashAddr without its prefix (q…, p…), its token-aware form (z…, r…) as the plain one; with `bitcoincash:`; "
        "1… and 3… when the chain is named",
        "BCH code, 40 bits; SHA-256 twice, 4 bytes",
        True,
    ),
    Chain(
        BITCOIN_SV,
        "Bitcoin SV",
        ("BSV", "BCHSV"),
        ("BITCOIN SV", "BITCOINSV"),
        "1… and 3…, when the chain is named",
        _DOUBLE_SHA,
        False,
    ),
    Chain(
        BITCOIN_GOLD,
        "Bitcoin Gold",
        ("BTG",),
        ("BITCOIN GOLD", "BITCOINGOLD"),
        "G…, A… when the chain is named, bech32 (btg1…)",
        f"{_DOUBLE_SHA}; bech32 and bech32m, 30 bits",
        False,
    ),
    Chain(DASH, "Dash", ("DASH",), (), "X…, 7…", _DOUBLE_SHA, False),
    Chain(DOGECOIN, "Dogecoin", ("DOGE",), ("DOGECOIN",), "D…, 9… and A…", _DOUBLE_SHA, True),
    Chain(VERGE, "Verge", ("XVG",), ("VERGE",), "E…, D… when the chain is named", _DOUBLE_SHA, False),
    Chain(
        ZCASH,
        "Zcash",
        ("ZEC",),
        ("ZCASH",),
        "transparent t1… and t3…, Sapling zs1…, unified u1…",
        f"{_DOUBLE_SHA}; bech32 and bech32m, 30 bits",
        False,
    ),
    Chain(
        STELLAR,
        "Stellar",
        ("XLM",),
        ("STELLAR",),
        "G… in upper case, with -<memo> where there is one; muxed M…",
        "CRC-16/XMODEM",
        True,
    ),
    Chain(
        POLKADOT,
        "Polkadot",
        ("DOT",),
        ("POLKADOT",),
        "SS58 of 32 bytes, prefix 0; prefix 42 (5…) when the chain is named",
        "BLAKE2b, 2 bytes",
        True,
    ),
    Chain(
        KUSAMA,
        "Kusama",
        ("KSM",),
        ("KUSAMA",),
        "SS58 of 32 bytes, prefix 2; prefix 42 (5…) when the chain is named",
        "BLAKE2b, 2 bytes",
        True,
    ),
    Chain(
        COSMOS,
        "Cosmos Hub",
        ("ATOM",),
        ("COSMOS", "COSMOS HUB", "cosmos:cosmoshub-3", "cosmos:cosmoshub-2"),
        "cosmos1… of 20 or 32 bytes",
        "bech32, 30 bits",
        True,
    ),
    Chain(
        BEACON,
        "BNB Beacon Chain",
        ("BEP2",),
        ("BNB BEACON CHAIN", "BINANCE CHAIN"),
        "bnb1… of 20 bytes",
        "bech32, 30 bits",
        True,
    ),
    Chain(
        CARDANO,
        "Cardano",
        ("ADA",),
        ("CARDANO",),
        "addr1… but no pointers, stake1…; Byron (Ae2…, Ddz…)",
        "bech32, 30 bits; CRC-32",
        False,
    ),
    Chain(ALGORAND, "Algorand", ("ALGO",), ("ALGORAND",), "58 characters of base32", "SHA-512/256, 4 bytes", True),
    Chain(TEZOS, "Tezos", ("XTZ",), ("TEZOS",), "tz1…, tz2…, tz3…, tz4…, KT1…", _DOUBLE_SHA, True),
    Chain(
        EOS,
        "EOS",
        ("EOS",),
        ("EOSIO",),
        "account name, 1 to 12 of a to z, 1 to 5 and dots, when the chain is named",
        "none",
        True,
    ),
    *FURTHER,
)

_EVM_SYMBOLS = {"ETC": "eip155:61", "BSC": "eip155:56"}
_EVM_CHAIN = re.compile(r"eip155:(?:0|[1-9][0-9]{0,31}|\*)")
_ISSUED_ON_MANY = frozenset({"USDT", "USDC"})
"""Tokens on so many chains that the symbol says nothing: the address alone decides."""


def _spellings() -> dict[str, str]:
    known = dict(_EVM_SYMBOLS)
    for chain in CHAINS:
        for spelling in (chain.caip2, *chain.symbols, *chain.aliases):
            known[spelling] = chain.caip2
    return known


_KNOWN = _spellings()


@lru_cache(maxsize=1024)
def resolve_caip2(text: str) -> str:
    """Returns the canonical spelling of a CAIP-2 identifier of a supported chain, `eip155:*` included.

    Raises:
        WalletError: TESTNET or UNKNOWN_CHAIN.
    """
    if text in TESTNETS:
        raise of_testnet(TESTNETS[text])
    chain = text if _EVM_CHAIN.fullmatch(text) else _KNOWN.get(text)
    if chain is None:
        raise WalletError(WalletErrorKind.UNKNOWN_CHAIN, "a chain that is not supported")
    return chain


def resolve_chain(text: str) -> str | None:
    """Returns the canonical CAIP-2 identifier that a hint names.

    Args:
        text: a CAIP-2 identifier in the exact case, `eip155:*`, or an asset symbol or chain name in any case.

    Returns:
        The identifier, or None for a token that is issued on many chains (USDT, USDC).

    Raises:
        WalletError: TESTNET or UNKNOWN_CHAIN.
    """
    text = text.strip()
    if ":" in text:
        return resolve_caip2(text)
    upper = text.upper()
    return None if upper in _ISSUED_ON_MANY else resolve_caip2(upper)
