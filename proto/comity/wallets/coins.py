"""Base58Check by the version in front: Bitcoin, its relatives, Tron and Tezos.

A version belongs to one chain, as far as a text alone can say; where two chains share it, the one that is named decides
and the better known one has the bare text: 1… and 3… are Bitcoin's (Litecoin's, Bitcoin Cash's and Bitcoin SV's where
they are named), D… is Dogecoin's (Verge's), and A… of version 23 nobody's unless Bitcoin Gold is named, since other
chains have it as well.

Never does: put anything right.
"""

from __future__ import annotations

from comity.wallets import base58, cashaddr
from comity.wallets.chains import (
    BITCOIN,
    BITCOIN_CASH,
    BITCOIN_GOLD,
    BITCOIN_SV,
    DASH,
    DOGECOIN,
    LITECOIN,
    TEZOS,
    TRON,
    VERGE,
    ZCASH,
)
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
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
}
_NAMED = {
    (BITCOIN_SV, b"\x00"): BITCOIN_SV,
    (BITCOIN_SV, b"\x05"): BITCOIN_SV,
    (BITCOIN_GOLD, b"\x17"): BITCOIN_GOLD,
    (VERGE, b"\x1e"): VERGE,
}
_KEY, _SCRIPT = b"\x00", b"\x05"
_CASH_KINDS = {_KEY: 0, _SCRIPT: 1}
_LITECOIN_SCRIPT, _LITECOIN_TEST_SCRIPT = b"\x32", b"\x3a"


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
    if not base58.verifies(data):
        raise WalletError(Kind.BAD_CHECKSUM, "the Base58Check checksum does not verify")
    if named == LITECOIN and version == _SCRIPT:
        text = base58.BITCOIN.encode_check(_LITECOIN_SCRIPT + data[1:-_CHECK])
        return Reading(LITECOIN, text, Checksum.VALID)
    if named == BITCOIN_CASH and version in _CASH_KINDS:
        return Reading(named, cashaddr.encode(_CASH_KINDS[version], data[1:-_CHECK]), Checksum.VALID)
    if named == LITECOIN and version == _LITECOIN_TEST_SCRIPT:  # another coin's main net uses it too
        raise of_testnet("Litecoin testnet")
    if version in _TEST:
        raise of_testnet(_TEST[version])
    chain = _NAMED.get((named or "", version)) or _MAIN.get(version)
    if chain is None:
        raise WalletError(Kind.UNKNOWN_CHAIN, "a Base58Check address of a chain that is not supported")
    return Reading(chain, text, Checksum.VALID)


def other_names(chain: str) -> tuple[str, ...]:
    """Returns the chains that a bare Base58Check text of a chain may have been meant for."""
    return {BITCOIN: (LITECOIN, BITCOIN_CASH, BITCOIN_SV), DOGECOIN: (VERGE,)}.get(chain, ())


def bare_account(account: str) -> str:
    """Returns the account that a text in the old form of another chain's account means where no chain is named.

    Args:
        account: canonical CAIP-10.

    Returns:
        The canonical account, of Bitcoin or Dogecoin, with the same bytes; empty where there is no such form.
    """
    chain, _, address = account.rpartition(":")
    if chain == BITCOIN_CASH:
        kind, body = cashaddr.decode(address)
        version = (_KEY, _SCRIPT)[kind]
        return f"{BITCOIN}:{base58.BITCOIN.encode_check(version + body)}" if len(body) == _HASH else ""
    if chain == LITECOIN and address.startswith("M"):
        data = base58.BITCOIN.decode(address) or b""
        return f"{BITCOIN}:{base58.BITCOIN.encode_check(_SCRIPT + data[1:-_CHECK])}"
    if chain == BITCOIN_SV:
        return f"{BITCOIN}:{address}"
    if chain == VERGE and address.startswith("D"):
        return f"{DOGECOIN}:{address}"
    return ""
