"""Base58Check by the version in front: Bitcoin, its relatives, Tron, Tezos, and some that check in another way.

A version belongs to one chain, as far as a text alone can say; where two chains share it, the one that is named decides
and the better known one has the bare text: 1… and 3… are Bitcoin's (Litecoin's, Bitcoin Cash's and Bitcoin SV's where
they are named), D… is Dogecoin's (Verge's), t1… and t3… are Zcash's. Versions of one byte beyond the best known ones
(A… of version 23 is Neo's and others') are nobody's unless a chain is named (`comity.wallets.families`).

Never does: put anything right.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from sha3 import keccak_256

from comity.wallets import base58, cashaddr
from comity.wallets.blake256 import blake256
from comity.wallets.chains import (
    BITCOIN,
    BITCOIN_CASH,
    BITCOIN_GOLD,
    BITCOIN_SV,
    DASH,
    DOGECOIN,
    EVM_ANY,
    LITECOIN,
    TEZOS,
    TRON,
    VERGE,
    ZCASH,
)
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.families import RELATIVES
from comity.wallets.further import DECRED, VECHAIN, VSYSTEMS, WAVES
from comity.wallets.reading import Checksum, Reading
from comity.wallets.testnets import of_testnet

_HASH = 20
_CHECK = 4
_PLAIN_SIZE = 1 + _HASH + _CHECK
SIZES = range(_PLAIN_SIZE, _PLAIN_SIZE + 3)
"""How many bytes there may be: one to three of version, 20 of a hash and 4 of checksum."""

_MAIN = {
    b"\x00": BITCOIN,
    b"\x05": BITCOIN,
    b"\x30": LITECOIN,
    b"\x32": LITECOIN,
    b"\x41": TRON,
    b"\x26": BITCOIN_GOLD,
    b"\x4c": DASH,
    b"\x10": DASH,
    b"\x1e": DOGECOIN,
    b"\x16": DOGECOIN,
    b"\x21": VERGE,
    b"\x1c\xb8": ZCASH,
    b"\x1c\xbd": ZCASH,
    b"\x06\xa1\x9f": TEZOS,
    b"\x06\xa1\xa1": TEZOS,
    b"\x06\xa1\xa4": TEZOS,
    b"\x06\xa1\xa6": TEZOS,
    b"\x02\x5a\x79": TEZOS,
    b"\x01\x57": WAVES,
    b"\x05\x4d": VSYSTEMS,
    b"\x07\x3f": DECRED,
    b"\x07\x1f": DECRED,
    b"\x07\x01": DECRED,
    b"\x07\x1a": DECRED,
}
_TEST = {
    b"\x6f": "Bitcoin or Litecoin testnet",
    b"\xc4": "Bitcoin or Litecoin testnet",
    b"\xa0": "Tron testnet",
    b"\x71": "Dogecoin testnet",
    b"\x8c": "Dash testnet",
    b"\x13": "Dash testnet",
    b"\x1d\x25": "Zcash testnet",
    b"\x1c\xba": "Zcash testnet",
    b"\x20\x98": "Horizen testnet",
    b"\x20\x92": "Horizen testnet",
    b"\x01\x54": "Waves testnet",
    b"\x05\x54": "V Systems testnet",
    b"\x0f\x21": "Decred testnet",
    b"\x0f\x01": "Decred testnet",
    b"\x0e\xe3": "Decred testnet",
    b"\x0e\xfc": "Decred testnet",
}
_NAMED = {
    (BITCOIN_SV, b"\x00"): BITCOIN_SV,
    (BITCOIN_SV, b"\x05"): BITCOIN_SV,
    (BITCOIN_GOLD, b"\x17"): BITCOIN_GOLD,
    (VERGE, b"\x1e"): VERGE,
}
_OLD: dict[tuple[str, bytes], bytes] = {(LITECOIN, b"\x05"): b"\x32"}
"""The new version of an old one, by chain."""
for _relative in RELATIVES:
    for _old, _, _new in (text.partition(">") for text in _relative.versions.split()):
        _NAMED[_relative.caip2, bytes.fromhex(_old)] = _relative.caip2
        if _new:
            _OLD[_relative.caip2, bytes.fromhex(_old)] = bytes.fromhex(_new)
_MAIN |= {version: chain for chain, version in _NAMED if len(version) > 1 and version not in _MAIN}
_SHARED: dict[str, tuple[str, ...]] = {}
"""The chains that take versions of another one, by that."""
for _chain, _version in (*_NAMED, *_OLD):
    _better = _MAIN.get(_version, _chain)
    if _chain not in (_better, *_SHARED.get(_better, ())):
        _SHARED[_better] = (*_SHARED.get(_better, ()), _chain)
_SHARERS = frozenset(chain for chains in _SHARED.values() for chain in chains)
_NEW = {(chain, new): old for (chain, old), new in _OLD.items()}
_KEY, _SCRIPT = b"\x00", b"\x05"
_CASH_KINDS = {_KEY: 0, _SCRIPT: 1}
# Versions of test networks that other coins have on their main ones.
_NAMED_TEST = {
    (LITECOIN, b"\x3a"): "Litecoin testnet",
    ("slip44:2301", b"\x78"): "Qtum testnet",
    ("slip44:2301", b"\x6e"): "Qtum testnet",
}


def _waves(payload: bytes) -> bytes:
    found: bytes = keccak_256(blake2b(payload, digest_size=32).digest()).digest()
    return found[:_CHECK]


def _decred(payload: bytes) -> bytes:
    return blake256(blake256(payload))[:_CHECK]


_CHECKS: dict[bytes, Callable[[bytes], bytes]] = {
    version: _waves if head in (0x01, 0x05) else _decred
    for version in (*_MAIN, *_TEST)
    if len(version) == 2 and (head := version[0]) in (0x01, 0x05, 0x07, 0x0E, 0x0F)
}
"""How addresses of these versions are checked; all others with SHA-256 twice."""


def read_coin(text: str, data: bytes, named: str | None) -> Reading:
    """Reads one Base58Check address.

    Args:
        text: the address.
        data: its bytes; as many as `SIZES` has.
        named: canonical CAIP-2 of the chain that was named, or None.

    Raises:
        WalletError: BAD_LENGTH, BAD_CHECKSUM, TESTNET or UNKNOWN_CHAIN.
    """
    version = data[: len(data) - _HASH - _CHECK]
    if len(version) > 1 and version not in _MAIN and version not in _TEST:
        raise WalletError(Kind.BAD_LENGTH, "base58 text of no supported length")
    if _CHECKS.get(version, base58.checksum)(data[:-_CHECK]) != data[-_CHECK:]:
        raise WalletError(Kind.BAD_CHECKSUM, "the Base58Check checksum does not verify")
    if named is not None and (new := _OLD.get((named, version))):
        return Reading(named, base58.BITCOIN.encode_check(new + data[1:-_CHECK]), Checksum.VALID)
    if named == BITCOIN_CASH and version in _CASH_KINDS:
        return Reading(named, cashaddr.encode(_CASH_KINDS[version], data[1:-_CHECK]), Checksum.VALID)
    if (test := _NAMED_TEST.get((named or "", version))) is not None:
        raise of_testnet(test)
    chain = _NAMED.get((named or "", version))
    if chain is None and version in _TEST:
        raise of_testnet(_TEST[version])
    chain = chain or _MAIN.get(version)
    if chain is None:
        raise WalletError(Kind.UNKNOWN_CHAIN, "a Base58Check address of a chain that is not supported")
    return Reading(chain, text, Checksum.VALID)


def other_names(chain: str) -> tuple[str, ...]:
    """Returns the chains that a bare text of a chain may have been meant for, since they share its form."""
    if chain == EVM_ANY:
        return (VECHAIN,)
    return (*((BITCOIN_CASH,) if chain == BITCOIN else ()), *_SHARED.get(chain, ()))


def bare_account(account: str) -> str:
    """Returns the account that a text in the form of another chain's account means where no chain is named.

    Args:
        account: canonical CAIP-10.

    Returns:
        The canonical account of that chain with the same bytes; empty where there is no such form.
    """
    chain, _, address = account.rpartition(":")
    if chain == BITCOIN_CASH:
        kind, body = cashaddr.decode(address)
        version = (_KEY, _SCRIPT)[kind]
        return f"{BITCOIN}:{base58.BITCOIN.encode_check(version + body)}" if len(body) == _HASH else ""
    if chain == VECHAIN:
        return f"{EVM_ANY}:{address}"
    if chain not in _SHARERS:
        return ""
    data = base58.BITCOIN.decode(address) or b""
    version, body = data[: -_HASH - _CHECK], data[-_HASH - _CHECK : -_CHECK]
    version = _NEW.get((chain, version), version)
    meant = _MAIN.get(version, chain)
    return "" if meant == chain else f"{meant}:{base58.BITCOIN.encode_check(version + body)}"
