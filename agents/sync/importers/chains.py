"""Names of chains as lists write them, beyond the symbols and CAIP-2 identifiers that `comity.wallets` knows.

Never does: guess. A name that is not here needs the owner's hint.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Final

from comity.wallets import EVM_ANY, TESTNETS, WalletError, WalletErrorKind, resolve_chain

_EVM: Final = MappingProxyType(
    {
        1: ("ETHEREUM MAINNET", "ETH MAINNET", "ERC20", "MAINNET ETHEREUM"),
        2: ("EXPANSE", "EXP"),
        10: ("OPTIMISM", "OP MAINNET", "OP"),
        14: ("FLARE", "FLR"),
        19: ("SONGBIRD", "SGB"),
        25: ("CRONOS",),
        30: ("ROOTSTOCK", "RSK", "RBTC"),
        50: ("XDC", "XDC NETWORK", "XINFIN"),
        56: ("BNB SMART CHAIN", "BINANCE SMART CHAIN", "BNB CHAIN", "BNB", "BEP20", "BINANCE", "BINANCESMARTCHAIN"),
        61: ("ETHEREUM CLASSIC", "ETHEREUMCLASSIC"),
        66: ("OKC", "OKT", "OKT CHAIN", "OKEXCHAIN", "OKX CHAIN"),
        100: ("GNOSIS", "GNOSIS CHAIN", "XDAI"),
        137: ("POLYGON", "POLYGON POS", "MATIC"),
        146: ("SONIC",),
        250: ("FANTOM", "FANTOM OPERA", "FTM"),
        321: ("KCC", "KCS"),
        324: ("ZKSYNC", "ZKSYNC ERA"),
        361: ("THETA", "THETA NETWORK"),
        820: ("CALLISTO", "CLO", "CALLISTO NETWORK"),
        1284: ("MOONBEAM",),
        2020: ("RONIN",),
        5000: ("MANTLE",),
        8217: ("KLAYTN", "KAIA"),
        8453: ("BASE",),
        42161: ("ARBITRUM", "ARBITRUM ONE", "ARB"),
        10001: ("ETHEREUMPOW", "ETHW"),
        42220: ("CELO",),
        43114: ("AVALANCHE", "AVALANCHE C CHAIN", "AVAX"),
        59144: ("LINEA",),
        81457: ("BLAST",),
        534352: ("SCROLL",),
        1666600000: ("HARMONY", "ONE", "HARMONY ONE"),
    }
)
_OTHER: Final = MappingProxyType(
    {
        "TRC20": "TRON",
        "TRON MAINNET": "TRON",
        "BITCOIN MAINNET": "BTC",
        "SOLANA MAINNET": "SOL",
        "XRP LEDGER": "XRP",
        "THE OPEN NETWORK": "TON",
        "BCHABC": "BCH",
        "BINANCE BEACON CHAIN": "BEP2",
        "OMNI": "BTC",
        "OMNI LAYER": "BTC",
        "EVM": EVM_ANY,
        "EIP155": EVM_ANY,
    }
)
_NAMES: Final = MappingProxyType(
    {name: f"eip155:{number}" for number, names in _EVM.items() for name in names} | _OTHER
)
_ASSETS: Final = frozenset(
    {"OP", "ARB", "BNB", "BEP20", "MATIC", "AVAX", "XDAI", "GNOSIS", "LINEA", "TRC20", "ERC20"}
    | {"FLR", "SGB", "RBTC", "FTM", "KCS", "ETHW", "CELO", "OMNI", "BCHABC"}
    | {"EXP", "XDC", "XINFIN", "OKT", "THETA", "CLO", "CALLISTO", "ONE"}
)
"""Names of the table that stand for a chain where they are given as an asset."""
_ANYWHERE: Final = frozenset(
    {"TETHER", "DAI", "BUSD", "TUSD", "PYUSD", "USDP", "FDUSD", "EURC", "USDE", "XAUT", "PAXG"}
)
"""Tokens issued on several chains: the address decides, as with USDT and USDC."""
_ON_MANY: Final = frozenset({"USDT", "USDC"})
_TEST_NAMES: Final = frozenset({"TESTNET", "TBTC", "XTN", "SEPOLIA", "GOERLI"}) | {
    name.upper() for name in TESTNETS.values()
}


def _named(text: str) -> str:
    return " ".join(text.upper().replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=4096)
def chain_of_name(text: str) -> str | None:
    """Returns the canonical chain that a column of chains names, None where it leaves the address to decide.

    Raises:
        WalletError: TESTNET or UNKNOWN_CHAIN.
    """
    if ":" in text:
        namespace, _, reference = text.partition(":")
        return resolve_chain(f"{namespace.lower()}:{reference}")
    if text.isascii() and text.isdigit():
        return resolve_chain(f"eip155:{int(text[:32])}")
    name = _named(text)
    if name in _TEST_NAMES:
        raise WalletError(WalletErrorKind.TESTNET, "of a test network")
    return resolve_chain(_NAMES.get(name, name))


@lru_cache(maxsize=4096)
def chain_of_asset(text: str) -> str | None:
    """Returns the canonical chain that an asset implies, None where the address decides.

    Raises:
        WalletError: TESTNET, or UNKNOWN_CHAIN for an asset that implies no supported chain.
    """
    if ":" in text:
        return chain_of_name(text)
    name = _named(text)
    if name in _ANYWHERE:
        return None
    if name in _TEST_NAMES:
        raise WalletError(WalletErrorKind.TESTNET, "of a test network")
    token, _, network = name.partition(" ")
    if network and (token in _ANYWHERE or token in _ON_MANY):  # USDT-TRC20, USDC (ETH)
        return chain_of_name(network.strip("()"))
    return resolve_chain(_NAMES[name] if name in _ASSETS else name)
