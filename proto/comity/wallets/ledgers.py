"""Readers of chains that are no relatives of Bitcoin or Ethereum: Stellar, Polkadot, Cosmos, Cardano, Algorand, EOS.

Canonical forms, where a chain leaves a choice: lower case for bech32, upper case for base32; the network's own prefix
for SS58. A muxed Stellar account stays one, with the account it belongs to as `parent`; so does one with a memo.

Never does: put anything right, ask a network.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from comity.wallets import base58, bech32
from comity.wallets.chains import ALGORAND, BEACON, CARDANO, COSMOS, KUSAMA, POLKADOT, STELLAR, ZCASH
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.evm import eip55
from comity.wallets.families import COSMIC, COSMIC_TEST, EVM_PARTS, Cosmic
from comity.wallets.further import ERGO
from comity.wallets.reading import Checksum, Reading
from comity.wallets.testnets import of_testnet

_BASE32 = re.compile(r"[A-Z2-7]+")
_STELLAR = re.compile(r"([GM][A-Z2-7]+)(?:-([-.%0-9A-Za-z]{1,64}))?")
_STELLAR_ACCOUNT, _STELLAR_MUXED = 6 << 3, 12 << 3
_STELLAR_KEY = 32
STELLAR_SIZES: Final = {"G": 56, "M": 69}
"""Characters of a Stellar address by its first one."""
ALGORAND_SIZE: Final = 58
"""Characters of an Algorand address."""
_ALGORAND_BYTES, _ALGORAND_CHECK = 32, 4

SS58_SIZES: Final = range(46, 49)
"""Characters that the 35 bytes of an SS58 address of one byte of prefix and 32 of key have."""
_SS58_BYTES = 35
_SS58_KEY = slice(1, 33)
_SS58_CHAINS = {0: POLKADOT, 2: KUSAMA}
_SS58_PREFIXES = {chain: prefix for prefix, chain in _SS58_CHAINS.items()}
_SS58_ANY = 42

_BECH32 = {"cosmos": (COSMOS, (20, 32)), "bnb": (BEACON, (20,)), "zs": (ZCASH, (43,))}
_COSMIC: dict[str, dict[str, Cosmic]] = {}
for _chain in COSMIC:
    _COSMIC.setdefault(_chain.part, {})[_chain.caip2] = _chain
_EVM_SIZE = 20
_CARDANO = {"addr": {0: 57, 1: 57, 2: 57, 3: 57, 6: 29, 7: 29}, "stake": {14: 29, 15: 29}}
_CARDANO_MAIN = 1
_TEST = {"tbnb": "BNB Beacon Chain testnet", "addr_test": "Cardano testnet", "stake_test": "Cardano testnet"}
_TEST |= COSMIC_TEST
BECH32_PARTS: Final = frozenset((*_BECH32, *_CARDANO, *_COSMIC, *EVM_PARTS, *_TEST))
"""Human-readable parts of the texts that `read_bech32` reads."""

_BYRON_BEGIN = b"\x82\xd8\x18\x58"
# [hash[28], attributes, kind of address]; among the attributes 1 is a path, and 2 the number of a test network.
_BYRON = re.compile(rb"\x83\x58\x1c.{28}(?:\xa0|\xa1\x01[\x40-\x58].*)[\x00-\x02]", re.DOTALL)
_BYRON_TEST = re.compile(rb"\x83\x58\x1c.{28}(?:\xa1\x02|\xa2\x01).*[\x00-\x02]", re.DOTALL)
_ERGO_BYTES = 38
_ERGO_MAIN, _ERGO_TEST = b"\x01", b"\x11"
_CBOR_HEADS = {5: 0x1A, 3: 0x19}
_EOS = re.compile(r"[a-z1-5.]{0,11}[a-z1-5]")


def _strkey(text: str) -> bytes:
    data = base64.b32decode(text + "=" * (-len(text) % 8))
    if binascii.crc_hqx(data[:-2], 0) != int.from_bytes(data[-2:], "little"):
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the Stellar address does not verify")
    if base64.b32encode(data).decode().rstrip("=") != text:
        raise WalletError(Kind.NOT_AN_ADDRESS, "Stellar address with bits left over")
    return data


def read_stellar(text: str) -> Reading:
    """Reads an account of Stellar, with a memo where one stands behind it, or a muxed one.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH or BAD_CHECKSUM.
    """
    match = _STELLAR.fullmatch(text)
    if match is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no Stellar address")
    address, memo = match[1], match[2]
    if len(address) != STELLAR_SIZES[address[0]]:
        raise WalletError(Kind.BAD_LENGTH, "Stellar address of a wrong length")
    data = _strkey(address)
    key, number = data[1 : 1 + _STELLAR_KEY], data[1 + _STELLAR_KEY : -2]
    if data[0] not in (_STELLAR_ACCOUNT, _STELLAR_MUXED) or (number and memo):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no account of Stellar, or a muxed one with a memo")
    if number:
        plain = bytes([_STELLAR_ACCOUNT]) + key
        parent = base64.b32encode(plain + binascii.crc_hqx(plain, 0).to_bytes(2, "little")).decode()
        return Reading(STELLAR, address, Checksum.VALID, str(int.from_bytes(number)), None, parent)
    if memo is None:
        return Reading(STELLAR, address, Checksum.VALID)
    return Reading(STELLAR, address, Checksum.VALID, memo, f"{address}-{memo}", address)


def read_algorand(text: str) -> Reading:
    """Reads an address of Algorand: 58 characters.

    Raises:
        WalletError: NOT_AN_ADDRESS or BAD_CHECKSUM.
    """
    if not _BASE32.fullmatch(text):
        raise WalletError(Kind.NOT_AN_ADDRESS, "a character that base32 does not have")
    data = base64.b32decode(text + "=" * 6)
    key, check = data[:_ALGORAND_BYTES], data[_ALGORAND_BYTES:]
    if hashlib.new("sha512_256", key).digest()[-_ALGORAND_CHECK:] != check:
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the Algorand address does not verify")
    if base64.b32encode(data).decode().rstrip("=") != text:
        raise WalletError(Kind.NOT_AN_ADDRESS, "Algorand address with bits left over")
    return Reading(ALGORAND, text, Checksum.VALID)


def _ss58_check(body: bytes) -> bytes:
    return hashlib.blake2b(b"SS58PRE" + body).digest()[:2]


def read_ss58(text: str, named: str | None) -> Reading | None:
    """Reads an account of Polkadot or Kusama.

    Args:
        text: of as many characters as `SS58_SIZES` has.
        named: the chain named; it decides for the prefix 42 that stands for any network.

    Returns:
        None where the text has not the bytes of one.

    Raises:
        WalletError: BAD_CHECKSUM, or UNKNOWN_CHAIN for another network's prefix.
    """
    data = base58.BITCOIN.decode(text)
    if data is None or len(data) != _SS58_BYTES:
        return None
    prefix = data[0]
    if _ss58_check(data[:-2]) != data[-2:]:
        if prefix != _SS58_ANY and prefix not in _SS58_CHAINS:
            return None
        raise WalletError(Kind.BAD_CHECKSUM, "the SS58 checksum does not verify")
    if prefix == _SS58_ANY and named in _SS58_PREFIXES:
        body = bytes([_SS58_PREFIXES[named]]) + data[_SS58_KEY]
        return Reading(named, base58.BITCOIN.encode(body + _ss58_check(body)), Checksum.VALID)
    if prefix not in _SS58_CHAINS:
        raise WalletError(Kind.UNKNOWN_CHAIN, "an SS58 address of a network that is not supported")
    return Reading(_SS58_CHAINS[prefix], text, Checksum.VALID)


def read_bech32(text: str, lower: str, hrp: str, data: str, named: str | None) -> Reading:
    """Reads a bech32 address that is no witness program.

    Args:
        text: as received.
        lower: in lower case.
        hrp: what stands before its separator, one of `BECH32_PARTS`.
        data: what stands behind.
        named: the chain named; it decides where two share a part.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH, BAD_CHECKSUM, MIXED_CASE, TESTNET or UNKNOWN_CHAIN.
    """
    found = bech32.payload(hrp, data)
    if text not in (lower, text.upper()):
        raise WalletError(Kind.MIXED_CASE, "bech32 text in both cases")
    if hrp in _TEST:
        raise of_testnet(_TEST[hrp])
    if hrp in _BECH32:
        chain, sizes = _BECH32[hrp]
        if len(found) not in sizes:
            raise WalletError(Kind.BAD_LENGTH, "bech32 address of a wrong length")
        return Reading(chain, lower, Checksum.VALID)
    if hrp in _COSMIC:
        return _read_cosmic(lower, found, _COSMIC[hrp], named)
    if hrp in EVM_PARTS:
        if len(found) != _EVM_SIZE:
            raise WalletError(Kind.BAD_LENGTH, "bech32 address of a wrong length")
        return Reading(EVM_PARTS[hrp], f"0x{eip55(found.hex())}", Checksum.VALID)
    size = _CARDANO[hrp].get(found[0] >> 4) if found else None
    if size is None or found[0] & 0x0F != _CARDANO_MAIN:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no address of Cardano's main network by key or script")
    if len(found) != size:
        raise WalletError(Kind.BAD_LENGTH, "Cardano address of a wrong length")
    return Reading(CARDANO, lower, Checksum.VALID)


def _read_cosmic(lower: str, found: bytes, chains: dict[str, Cosmic], named: str | None) -> Reading:
    first = next(iter(chains.values()))
    if len(found) not in first.sizes:
        raise WalletError(Kind.BAD_LENGTH, "bech32 address of a wrong length")
    if first.head and found[:1] not in first.head:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no such kind of address")
    if len(chains) > 1 and named is None:
        raise WalletError(Kind.UNKNOWN_CHAIN, "an address that several chains have: one of them must be named")
    return Reading(named if named in chains else first.caip2, lower, Checksum.VALID)


def _is_ergo(data: bytes) -> bool:
    """Tells whether bytes are an address of Ergo by a key.

    Raises:
        WalletError: BAD_CHECKSUM or TESTNET.
    """
    if len(data) != _ERGO_BYTES or data[:1] not in (_ERGO_MAIN, _ERGO_TEST):
        return False
    if hashlib.blake2b(data[:-4], digest_size=32).digest()[:4] != data[-4:]:
        raise WalletError(Kind.BAD_CHECKSUM, "the checksum of the Ergo address does not verify")
    if data[:1] == _ERGO_TEST:
        raise of_testnet("Ergo testnet")
    return True


def read_byron(text: str) -> Reading | None:
    """Reads an old address of Cardano: base58 of CBOR, [tag 24 (bytes), their CRC-32]. Or one of Ergo by its key.

    Returns:
        None where it is nothing of the kind.

    Raises:
        WalletError: BAD_CHECKSUM, TESTNET, or NOT_AN_ADDRESS for what is in no address.
    """
    data = base58.BITCOIN.decode(text)
    if data is not None and _is_ergo(data):
        return Reading(ERGO, text, Checksum.VALID)
    if data is None or not data.startswith(_BYRON_BEGIN):
        return None
    start = len(_BYRON_BEGIN) + 1
    size = data[start - 1] if len(data) >= start else 0
    body, tail = data[start : start + size], data[start + size :]
    if tail[:1] != bytes([_CBOR_HEADS.get(len(tail), 0)]) or int.from_bytes(tail[1:]) != binascii.crc32(body):
        raise WalletError(Kind.BAD_CHECKSUM, "the CRC-32 of the Cardano address does not verify")
    if _BYRON_TEST.fullmatch(body):
        raise of_testnet("Cardano testnet")
    if not _BYRON.fullmatch(body):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no Cardano address of the first era")
    return Reading(CARDANO, text, Checksum.VALID)


def read_eos(text: str, chain: str) -> Reading:
    """Reads the name of an account of EOS or a chain like it. Any short word is one: only for where one is named.

    Args:
        text: the name.
        chain: the chain named.

    Raises:
        WalletError: NOT_AN_ADDRESS.
    """
    if not _EOS.fullmatch(text):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no name of an EOS account")
    return Reading(chain, text, Checksum.ABSENT)
