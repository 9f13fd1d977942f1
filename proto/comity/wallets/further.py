"""The chains beyond the best known ones, as `comity.wallets.chains` tables them.

They are two families, by their tables (`comity.wallets.families`), and chains with forms of their own.

Never does: read anything.
"""

from __future__ import annotations

from typing import Final

from comity.wallets.chain import Chain
from comity.wallets.families import COSMIC, RELATIVES, Relative

APTOS: Final = "aptos:1"
SUI: Final = "sui:mainnet"
VECHAIN: Final = "vechain:b1ac3413d346d43539627e6be7ec1b4a"
FILECOIN: Final = "fil:f"
NANO: Final = "slip44:165"
NEAR: Final = "near:mainnet"
HEDERA: Final = "hedera:mainnet"
STACKS: Final = "stacks:1"
ICON: Final = "slip44:74"
NIMIQ: Final = "slip44:242"
WAVES: Final = "slip44:5741564"
VSYSTEMS: Final = "slip44:360"
ERGO: Final = "ergo:b0244dfc267baca974a4caee06120321"
DECRED: Final = "slip44:42"
ECASH: Final = "slip44:899"
TELOS: Final = "antelope:4667b205c6838ef70ff7988f6e8257e8"
WAX: Final = "antelope:1064487b3cd1a897ce03ae5b6a865651"

_NAMED = "when the chain is named"
_OWN = (
    Chain(APTOS, "Aptos", ("APT",), ("APTOS",), f"0x and 64 hexadecimal digits, lower case, {_NAMED}", "none", True),
    Chain(SUI, "Sui", ("SUI",), (), f"0x and 64 hexadecimal digits, lower case, {_NAMED}", "none", True),
    Chain(
        VECHAIN,
        "VeChain",
        ("VET", "VTHO"),
        ("VECHAIN",),
        f"as Ethereum, {_NAMED}",
        "EIP-55: Keccak-256 in the letters' case; absent in one case",
        True,
    ),
    Chain(
        FILECOIN,
        "Filecoin",
        ("FIL",),
        ("FILECOIN",),
        f"f1…, f2…, f3…, f4…; f0… {_NAMED}",
        "BLAKE2b, 4 bytes; of f0 none",
        True,
    ),
    Chain(NANO, "Nano", ("NANO", "XNO"), (), "nano_…; xrb_… as that", "BLAKE2b, 5 bytes", False),
    Chain(NEAR, "NEAR", ("NEAR",), (), f"account name, or 64 hexadecimal digits, {_NAMED}", "none", True),
    Chain(
        HEDERA,
        "Hedera",
        ("HBAR",),
        ("HEDERA",),
        f"shard.realm.number in decimal, without the checksum of HIP-15, {_NAMED}",
        "HIP-15, 5 letters, where there is one",
        True,
    ),
    Chain(STACKS, "Stacks", ("STX",), ("STACKS",), "SP…, SM… in upper case", "SHA-256 twice, 4 bytes", True),
    Chain(ICON, "ICON", ("ICX",), ("ICON",), "hx or cx and 40 hexadecimal digits, lower case", "none", False),
    Chain(NIMIQ, "Nimiq", ("NIM",), ("NIMIQ",), "NQ… in upper case without spaces", "ISO 7064, 2 digits", False),
    Chain(WAVES, "Waves", ("WAVES",), (), "3P…", "Keccak-256 of BLAKE2b, 4 bytes", False),
    Chain(VSYSTEMS, "V Systems", ("VSYS",), ("V SYSTEMS",), "AR…", "Keccak-256 of BLAKE2b, 4 bytes", False),
    Chain(ERGO, "Ergo", ("ERG",), ("ERGO",), "P2PK (9…, 51 characters)", "BLAKE2b, 4 bytes", True),
    Chain(DECRED, "Decred", ("DCR",), ("DECRED",), "Ds…, De…, DS…, Dc…", "BLAKE-256 twice, 4 bytes", False),
    Chain(
        ECASH,
        "eCash",
        ("XEC",),
        ("ECASH",),
        f"CashAddr without its prefix, {_NAMED}; with `ecash:`",
        "BCH code, 40 bits",
        False,
    ),
    Chain(TELOS, "Telos", ("TLOS",), ("TELOS",), f"account name as EOS, {_NAMED}", "none", True),
    Chain(WAX, "WAX", ("WAXP", "WAX"), (), f"account name as EOS, {_NAMED}", "none", True),
)


def _forms(chain: Relative) -> str:
    shown = ", ".join(version.partition(">")[0] for version in chain.versions.split())
    by_itself = all(len(version) > 2 and version not in _SHARED for version in chain.versions.split())
    named = "" if by_itself else f", {_NAMED}"
    forms = [f"Base58Check of version {shown}{named}"] if shown else []
    forms += [f"bech32 ({chain.part}1…)"] if chain.part else []
    return "; ".join(forms)


def _checks(chain: Relative) -> str:
    checks = ["SHA-256 twice, 4 bytes"] if chain.versions else []
    return "; ".join(checks + (["bech32 and bech32m, 30 bits"] if chain.part else []))


_SHARED = frozenset({"1CB8", "1CBD"})
_PARTS = [chain.part for chain in COSMIC]

FURTHER: Final = (
    *_OWN,
    *(
        Chain(
            chain.caip2,
            chain.name,
            chain.symbols,
            chain.aliases,
            f"{chain.part}1… of {' or '.join(map(str, chain.sizes))} bytes"
            + (f", {_NAMED}" if _PARTS.count(chain.part) > 1 else ""),
            "bech32, 30 bits",
            chain.caip2.startswith("cosmos:"),
        )
        for chain in COSMIC
    ),
    *(
        Chain(chain.caip2, chain.name, chain.symbols, chain.aliases, _forms(chain), _checks(chain), False)
        for chain in RELATIVES
    ),
)
"""What `comity.wallets.chains.CHAINS` ends with."""
