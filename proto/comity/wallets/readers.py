"""One reader a family of addresses: text in, canonical address and checksum verdict out.

`read` picks the reader by the text's shape alone, so that the same text is always the same account. The order and why
no two families meet:

1. `0x`: EVM (`comity.wallets.evm`). No base58 alphabet has a zero digit. `xdc` and 40 digits stand for one.
2. A known bech32 human-readable part: segwit of Bitcoin or a relative, another chain's bech32
   (`comity.wallets.ledgers`), or Zcash's unified addresses (`comity.wallets.unified`). A Solana key may begin with such
   letters by chance, but in mixed case, and then the bech32 checksum of its lower-case form does not verify.
   Then the forms of one chain each that begin with letters of their own (`comity.wallets.ownforms`).
3. 48 characters that begin as TON's tag byte and workchain make them (`EQ`, `Uf`, …); or `0:` or `-1:` and 64 digits.
4. `r` and at most 35 characters, or with a `-tag`: XRP Ledger, classic, unless a chain is named that has r…, too. 47
   characters with `X` or `T`: X-address.
5. `bitcoincash:`, or 42 or 61 characters of bech32's alphabet in one case that begin with q, p, z or r: Bitcoin Cash.
6. 95 or 106 characters: Monero.
7. Any other base58 of 25 to 44 characters: by the length of its bytes. 25 to 27 are Base58Check, told apart by the
   version (`comity.wallets.coins`); 32 are a Solana key. Where a form is another chain's old one and that chain is
   named, it is rewritten in that chain's own (Litecoin's M…, Bitcoin Cash's q… and p…).
8. Longer: base32 of 56 or 69 characters is Stellar's, of 58 Algorand's; base58 of 35 bytes SS58, of CBOR Cardano's,
   of 38 bytes Ergo's.

A name of EOS and its like, of NEAR or of Hedera is a short word and read only where that chain is named.

Never does: put anything right, ask a network.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from nacl.bindings import crypto_core_ed25519_add
from nacl.exceptions import RuntimeError as NaclError
from sha3 import keccak_256

from comity.wallets import base58, bech32, cashaddr, coins, ledgers, unified
from comity.wallets.chains import (
    BITCOIN,
    BITCOIN_GOLD,
    EOS,
    LITECOIN,
    MONERO,
    SOLANA,
    TON,
    XRPL,
)
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.evm import read_evm, read_xdc
from comity.wallets.families import RELATIVES
from comity.wallets.further import TELOS, WAX
from comity.wallets.ownforms import BEGINS, BY_NAME, read_own
from comity.wallets.reading import Checksum, Reading
from comity.wallets.testnets import of_testnet

_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+")
# The leading r is the digit zero of this alphabet, and so the version byte 0 of an account.
_XRP = re.compile(r"(r[1-9A-HJ-NP-Za-km-z]{24,34})(?:-(0|[1-9][0-9]{0,9}))?")
_TON_RAW = re.compile(r"(0|-1)(?::|%3[Aa])([0-9a-fA-F]{64})")
# The first character and a half are the tag byte: 0x11 or 0x51, with 0x80 added for the test network.
_TON_FRIENDLY = re.compile(r"[EUk0][Qf](?:[-_0-9A-Za-z]{46}|[+/0-9A-Za-z]{46})")

_SEGWIT_MAIN = {"bc": BITCOIN, "ltc": LITECOIN, "btg": BITCOIN_GOLD}
_SEGWIT_MAIN |= {relative.part: relative.caip2 for relative in RELATIVES if relative.part}
_SEGWIT_TEST = {
    "tb": "Bitcoin testnet or signet",
    "bcrt": "Bitcoin regtest",
    "tltc": "Litecoin testnet",
    "rltc": "Litecoin regtest",
    "tbtg": "Bitcoin Gold testnet",
    "dgbt": "DigiByte testnet",
    "tvtc": "Vertcoin testnet",
    "tgrs": "Groestlcoin testnet",
    "tsys": "Syscoin testnet",
    "tmona": "Monacoin testnet",
    "tq": "Qtum testnet",
}
PARTS: Final = frozenset((*_SEGWIT_MAIN, *_SEGWIT_TEST, *ledgers.BECH32_PARTS, *unified.PARTS))
"""Human-readable parts of all bech32 and bech32m texts that are read, or refused by name."""
_HRP_BEGINS = frozenset(char for part in PARTS for char in (part[0], part[0].upper()))
# With a prefix, whatever follows; without one 20 or 32 bytes, by their length and letters, in one case.
_CASH = re.compile(
    r"(?i:bitcoincash|bchtest|bchreg|simpleledger|slptest|ecash|ectest):.+|[qpzr][02-9ac-hj-np-z]{41}(?:[02-9ac-hj-np-z]{19})?"
    r"|[QPZR][02-9AC-HJ-NP-Z]{41}(?:[02-9AC-HJ-NP-Z]{19})?"
)
_XDC = re.compile(r"xdc[0-9a-fA-F]{40}")
_NAMES = frozenset((EOS, TELOS, WAX))
# Of their versions, 7A makes an r, too.
_R_NAMED = frozenset(relative.caip2 for relative in RELATIVES if "7A" in relative.versions.split())
_STELLAR = re.compile(r"[GM][A-Z2-7]{20}")
_TON_RAW_LEAST = 66
_BASE58_SIZE = 25
_SOLANA_SIZE = 32
_X_MAIN, _X_TEST = b"\x05\x44", b"\x04\x93"
_MONERO_SIZES = {95: 69, 106: 77}
_MONERO_MAIN = {18: 69, 42: 69, 19: 77}
_MONERO_TEST = {
    53: "Monero testnet",
    54: "Monero testnet",
    63: "Monero testnet",
    24: "Monero stagenet",
    25: "Monero stagenet",
    36: "Monero stagenet",
}
_MONERO_STANDARD = b"\x12"
_TON_TEST_FLAG = 0x80
_TON_WORKCHAINS = {0x00: "0", 0xFF: "-1"}
_TO_URL_ALPHABET = str.maketrans("+/", "-_")


def _keccak(data: bytes) -> bytes:
    found: bytes = keccak_256(data).digest()
    return found


def _read_segwit(text: str, lower: str, hrp: str, data: str) -> Reading:
    bech32.check_segwit(hrp, data)
    if text not in (lower, text.upper()):
        raise WalletError(Kind.MIXED_CASE, "bech32 text in both cases")
    if hrp in _SEGWIT_TEST:
        raise of_testnet(_SEGWIT_TEST[hrp])
    return Reading(_SEGWIT_MAIN[hrp], lower, Checksum.VALID)


def _read_base58(text: str, named: str | None) -> Reading:
    data = base58.BITCOIN.decode(text)
    if data is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "a character that base58 does not have")
    if len(data) == _SOLANA_SIZE:
        return Reading(SOLANA, text, Checksum.ABSENT)
    if len(data) not in coins.SIZES:
        raise WalletError(Kind.BAD_LENGTH, "base58 text of no supported length")
    return coins.read_coin(text, data, named)


def _tagged_xrp(address: str, tag: int | None) -> Reading:
    if tag is None:
        return Reading(XRPL, address, Checksum.VALID)
    return Reading(XRPL, address, Checksum.VALID, str(tag), f"{address}-{tag}", address)


def _read_xrp(text: str) -> Reading:
    match = _XRP.fullmatch(text)
    data = base58.RIPPLE.decode(match[1]) if match else None
    if match is None or data is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no classic XRP Ledger address")
    if len(data) != _BASE58_SIZE:
        raise WalletError(Kind.BAD_LENGTH, "classic XRP Ledger address of a wrong length")
    if not base58.verifies(data):
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the XRP Ledger address does not verify")
    tag = int(match[2]) if match[2] else None
    if tag is not None and tag >> 32:
        raise WalletError(Kind.NOT_AN_ADDRESS, "destination tag of more than 32 bits")
    return _tagged_xrp(match[1], tag)


def _read_x_address(text: str) -> Reading:
    data = base58.RIPPLE.decode(text)
    if data is None or len(data) != 35:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no X-address of the XRP Ledger")
    if not base58.verifies(data):
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the X-address does not verify")
    # prefix[2] account[20] flag[1] tag[4, little-endian] zero[4] (XLS-5d)
    flag, tag, rest = data[22], int.from_bytes(data[23:27], "little"), data[27:31]
    if data[:2] not in (_X_MAIN, _X_TEST) or flag > 1 or any(rest) or (flag == 0 and tag):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no X-address with a 32-bit tag or none")
    if data[:2] == _X_TEST:
        raise of_testnet("XRP Ledger testnet")
    return _tagged_xrp(base58.RIPPLE.encode_check(b"\0" + data[2:22]), tag if flag else None)


def _read_monero(text: str) -> Reading:
    data = base58.decode_blocks(text)
    if data is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "text that Monero's base58 does not have")
    if _keccak(data[:-4])[:4] != data[-4:]:
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the Monero address does not verify")
    prefix, spend, view, payment_id = data[0], data[1:33], data[33:65], data[65:-4]
    if prefix in _MONERO_TEST:
        raise of_testnet(_MONERO_TEST[prefix])
    if prefix not in _MONERO_MAIN:
        raise WalletError(Kind.UNKNOWN_CHAIN, "an address of a relative of Monero")
    if _MONERO_MAIN[prefix] != len(data):
        raise WalletError(Kind.BAD_LENGTH, "Monero address of a wrong length for its kind")
    try:
        crypto_core_ed25519_add(spend, view)  # for its check of both keys: Monero itself refuses one off the curve
    except NaclError:
        raise WalletError(Kind.NOT_AN_ADDRESS, "Monero keys that are not on the curve") from None
    if not payment_id:
        return Reading(MONERO, text, Checksum.VALID)
    standard = _MONERO_STANDARD + spend + view
    parent = base58.encode_blocks(standard + _keccak(standard)[:4])
    return Reading(MONERO, text, Checksum.VALID, payment_id.hex(), None, parent)


def _read_ton(workchain: str, digits: str, checksum: Checksum) -> Reading:
    return Reading(TON, f"{workchain}:{digits}", checksum, None, f"{workchain}%3A{digits}")


def _read_ton_friendly(text: str) -> Reading:
    data = base64.urlsafe_b64decode(text.translate(_TO_URL_ALPHABET))
    if binascii.crc_hqx(data[:-2], 0) != int.from_bytes(data[-2:], "big"):
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the TON address does not verify")
    workchain = _TON_WORKCHAINS.get(data[1])
    if workchain is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "a TON workchain that does not exist")
    if data[0] & _TON_TEST_FLAG:
        raise of_testnet("TON testnet")
    return _read_ton(workchain, data[2:-2].hex(), Checksum.VALID)


def _read_hrp(text: str, named: str | None) -> Reading | None:
    lower = text.lower()
    hrp, separator, data = lower.partition("1")
    is_segwit = hrp in _SEGWIT_MAIN or hrp in _SEGWIT_TEST
    if not separator or hrp not in PARTS:
        return None
    if text not in (lower, text.upper()) and not bech32.verifies(hrp, data):
        return None
    if hrp in unified.PARTS:
        return unified.read_unified(text, lower, hrp, data)
    return _read_segwit(text, lower, hrp, data) if is_segwit else ledgers.read_bech32(text, lower, hrp, data, named)


def _read_cash(text: str, named: str | None) -> Reading:
    chain, address = cashaddr.plain(text, named)
    return Reading(chain, address, Checksum.VALID)


def read(text: str, named: str | None) -> Reading:
    """Reads one address.

    Args:
        text: ASCII of limited length, without white space around.
        named: canonical CAIP-2 of the chain that was named, or None. It decides where chains share a form
            (`comity.wallets.coins`, SS58's prefix 42, the names of EOS); the caller compares it with the chain found.

    Raises:
        WalletError: any kind but WRONG_CHAIN and NOT_A_TRANSACTION.
    """
    if text.startswith("0x"):
        return read_evm(text, named)
    first = text[:1]
    if first in _HRP_BEGINS and (found := _read_hrp(text, named)):
        return found
    if first in BEGINS and (found := read_own(text)):
        return found
    if _XDC.match(text):
        return read_xdc(text)
    length = len(text)
    if length == 48 and _TON_FRIENDLY.fullmatch(text):
        return _read_ton_friendly(text)
    if length >= _TON_RAW_LEAST and (raw := _TON_RAW.fullmatch(text)):
        return _read_ton(raw[1], raw[2].lower(), Checksum.ABSENT)
    if named in _NAMES:
        return ledgers.read_eos(text, named)
    if named in BY_NAME:
        return BY_NAME[named](text)
    if first == "r" and named not in _R_NAMED and (length <= 35 or "-" in text):
        return _read_xrp(text)
    if length == 47 and text[0] in "XT":
        return _read_x_address(text)
    if _CASH.fullmatch(text):
        return _read_cash(text, named)
    if length in _MONERO_SIZES and not text.startswith("Ddz"):
        return _read_monero(text)
    if 25 <= length <= 44:
        return _read_base58(text, named)
    if length > 44 and (found := _read_longer(text, named)):
        return found
    raise WalletError(Kind.NOT_AN_ADDRESS, "text of no supported shape")


def _read_longer(text: str, named: str | None) -> Reading | None:
    length = len(text)
    if (length in ledgers.STELLAR_SIZES.values() or "-" in text) and _STELLAR.match(text):
        return ledgers.read_stellar(text)
    if length == ledgers.ALGORAND_SIZE and text.isupper():
        return ledgers.read_algorand(text)
    if not _BASE58.fullmatch(text):
        return None
    found = ledgers.read_ss58(text, named) if length in ledgers.SS58_SIZES else ledgers.read_byron(text)
    if found is None:
        raise WalletError(Kind.BAD_LENGTH, "base58 text of no supported length")
    return found
