"""Which chains there are, by CAIP-2 identifier: the one table that parsing, documentation and tests share.

Identifiers are those of the profiles published in the Chain Agnostic namespaces, except two. Tron's profile is under
discussion there, and TON has none of its own, only a draft for all chains of its virtual machine that says nothing of
accounts. For both, what wallets use stands (WalletConnect: `tron:0x2b6653dc`, `ton:-239`), and the identifiers of the
drafts (`tron:728126428`, `tvm:-239`) are accepted as other spellings.

Every `eip155` chain is supported; those on the list of testnets are refused by name, as are the testnets of the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from comity.wallets.errors import WalletError, WalletErrorKind

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

EVM_PREFIX = "eip155:"


@dataclass(frozen=True, slots=True)
class Chain:
    """A supported chain, as PROTOCOL.md tables it."""

    caip2: str
    """CAIP-2 identifier, the canonical spelling."""
    name: str
    """Name for people."""
    symbols: tuple[str, ...]
    """Asset symbols that mean this chain and no other, upper case."""
    aliases: tuple[str, ...]
    """Other spellings of the chain that are accepted: CAIP-2 of drafts, and names in upper case."""
    forms: str
    """Forms of address accepted, the canonical one first."""
    checksum: str
    """The checksum that an address carries."""
    registered: bool
    """Whether the identifier is that of a published profile of the Chain Agnostic namespaces."""

    @property
    def namespace(self) -> str:
        """What stands before the colon."""
        return self.caip2.partition(":")[0]

    @property
    def reference(self) -> str:
        """What stands after the colon."""
        return self.caip2.partition(":")[2]


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
)

TESTNETS: dict[str, str] = {
    "bip122:000000000933ea01ad0ee984209779ba": "Bitcoin testnet",
    "bip122:00000000da84f2bafbbc53dee25a72ae": "Bitcoin testnet4",
    "bip122:00000008819873e925422c1ff0f99f7c": "Bitcoin signet",
    "bip122:0f9188f13cb7b2c71f2a335e3a4fc328": "Bitcoin regtest",
    "bip122:4966625a4b2851d9fdee139e56211a0d": "Litecoin testnet",
    "bip122:530827f38f93b43ed12af0b3ad25a288": "Litecoin regtest",
    "eip155:3": "Ropsten",
    "eip155:4": "Rinkeby",
    "eip155:5": "Görli",
    "eip155:31": "Rootstock testnet",
    "eip155:42": "Kovan",
    "eip155:51": "XDC Apothem",
    "eip155:63": "Ethereum Classic Mordor",
    "eip155:97": "BNB Smart Chain testnet",
    "eip155:300": "ZKsync Sepolia",
    "eip155:338": "Cronos testnet",
    "eip155:420": "OP Goerli",
    "eip155:919": "Mode testnet",
    "eip155:1001": "Kaia Kairos testnet",
    "eip155:1287": "Moonbase Alpha",
    "eip155:1337": "local development chain",
    "eip155:1442": "Polygon zkEVM testnet",
    "eip155:2442": "Polygon zkEVM Cardona",
    "eip155:4002": "Fantom testnet",
    "eip155:5003": "Mantle Sepolia",
    "eip155:5611": "opBNB testnet",
    "eip155:10200": "Gnosis Chiado",
    "eip155:17000": "Holesky",
    "eip155:31337": "local development chain",
    "eip155:43113": "Avalanche Fuji",
    "eip155:44787": "Celo Alfajores",
    "eip155:59140": "Linea Goerli",
    "eip155:59141": "Linea Sepolia",
    "eip155:80001": "Polygon Mumbai",
    "eip155:80002": "Polygon Amoy",
    "eip155:80069": "Berachain Bepolia",
    "eip155:84531": "Base Goerli",
    "eip155:84532": "Base Sepolia",
    "eip155:421613": "Arbitrum Goerli",
    "eip155:421614": "Arbitrum Sepolia",
    "eip155:534351": "Scroll Sepolia",
    "eip155:560048": "Hoodi",
    "eip155:11155111": "Sepolia",
    "eip155:11155420": "OP Sepolia",
    "eip155:168587773": "Blast Sepolia",
    "tron:0x94a9059e": "Tron Shasta",
    "tron:2494104990": "Tron Shasta",
    "tron:0xcd8690dc": "Tron Nile",
    "tron:3448148188": "Tron Nile",
    "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1": "Solana devnet",
    "solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z": "Solana testnet",
    "xrpl:1": "XRP Ledger testnet",
    "xrpl:2": "XRP Ledger devnet",
    "xrpl:25": "XRP Ledger AMM devnet",
    "monero:76ee3cc98646292206cd3e86f74d88b4": "Monero stagenet",
    "monero:48ca7cd3c8de5b6a4d53d2861fbdaedc": "Monero testnet",
    "monero:00000000000000000000000000000000": "Monero private testnet",
    "ton:-3": "TON testnet",
    "tvm:-3": "TON testnet",
}
"""Test networks by CAIP-2 identifier, with the name that a refusal gives."""

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


def of_testnet(name: str) -> WalletError:
    """Returns the refusal of a test network, by its name."""
    return WalletError(WalletErrorKind.TESTNET, f"of a test network: {name}")


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
