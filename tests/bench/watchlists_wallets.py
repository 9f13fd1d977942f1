"""Wallets and entries for the bench of watchlists: made from numbers, the same in every run, sound on every chain.

Never does: name anybody's wallet: the bytes are pseudo-random.
"""

from __future__ import annotations

import base64
import binascii
import csv
import json
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Final

from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import base58
from comity.wallets.bech32 import residue
from comity.wallets.chains import BITCOIN, LITECOIN, MONERO, SOLANA, TON, TRON, XRPL
from comity.wallets.evm import eip55
from nacl.bindings import crypto_sign_seed_keypair
from sha3 import keccak_256

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "addresses"
BEGAN_MS: Final = 1_767_225_600_000
"""From when entries hold: a time of the past, Unix milliseconds UTC."""
YEAR_MS: Final = 31_536_000_000
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PAIRS = [a + b for a in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" for b in
          "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"]  # fmt: skip
_TRIPLES = [f"{_CHARSET[n >> 10]}{_CHARSET[n >> 5 & 31]}{_CHARSET[n & 31]}" for n in range(1 << 15)]


def _base58(data: bytes) -> str:
    value, out = int.from_bytes(data), []
    while value:
        value, pair = divmod(value, 3364)
        out.append(_PAIRS[pair])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(out)).lstrip("1")


def _check58(version: bytes, raw: bytes) -> str:
    data = version + raw
    return _base58(data + base58.checksum(data))


def _bech32(hrp: str, raw: bytes) -> str:
    bits = int.from_bytes(raw) << (-len(raw) * 8 % 15)
    digits = (len(raw) * 8 + 14) // 15 * 3
    body = "".join(_TRIPLES[bits >> 5 * at & 0x7FFF] for at in range(digits - 3, -1, -3))
    body = "q" + body[: (len(raw) * 8 + 4) // 5]
    left = residue(hrp, body + "qqqqqq") ^ 1
    return f"{hrp}1{body}{_TRIPLES[left >> 15]}{_TRIPLES[left & 0x7FFF]}"


def _ton(raw: bytes) -> str:
    data = b"\x11\x00" + raw
    return base64.urlsafe_b64encode(data + binascii.crc_hqx(data, 0).to_bytes(2)).decode()


def _monero(raw: bytes) -> str:
    keys = (crypto_sign_seed_keypair(raw[at : at + 32])[0] for at in (0, 32))  # points of the curve
    data = b"\x12" + b"".join(keys)
    return base58.encode_blocks(data + keccak_256(data).digest()[:4])


def _evm(raw: bytes) -> str:
    return "0x" + eip55(raw.hex())


Make = Callable[[bytes], str]
KINDS: Final[tuple[tuple[int, str, Make, str], ...]] = (
    (36, "", _evm, "EVM in EIP-55 case"),
    (18, TRON, lambda raw: _check58(b"\x41", raw[:20]), "Tron"),
    (12, BITCOIN, lambda raw: _check58(b"\x00", raw[:20]), "Bitcoin 1…"),
    (8, BITCOIN, lambda raw: _check58(b"\x05", raw[:20]), "Bitcoin 3…"),
    (12, BITCOIN, lambda raw: _bech32("bc", raw[:20]), "Bitcoin bc1q…"),
    (6, SOLANA, lambda raw: _base58(raw[:32]), "Solana"),
    (4, XRPL, lambda raw: base58.RIPPLE.encode_check(b"\x00" + raw[:20]), "XRP Ledger"),
    (2, LITECOIN, lambda raw: _bech32("ltc", raw[:20]), "Litecoin"),
    (1, TON, lambda raw: _ton(raw[:32]), "TON"),
    (1, MONERO, lambda raw: _monero(raw[:64]), "Monero"),
)
"""Of each hundred wallets: how many, chain (empty: any EVM), how the address is written, and what that is."""
_OF_HUNDRED: Final = tuple(kind for share, *kind in ((n, c, m) for n, c, m, _ in KINDS) for _ in range(share))


def address(number: int) -> tuple[str, str]:
    """Returns chain (empty for a bare 0x address) and address of the wallet of a number."""
    raw = blake2b(number.to_bytes(8), digest_size=64).digest()
    chain, make = _OF_HUNDRED[number * 37 % 100]
    return chain, make(raw[:20] if not chain else raw)


def account(number: int) -> str:
    """Returns the wallet of a number as an entry names it, canonical CAIP-10."""
    chain, text = address(number)
    if chain == TON:
        data = base64.urlsafe_b64decode(text)
        return f"{TON}:0%3A{data[2:34].hex()}"
    return f"{chain or 'eip155:1'}:{text}"


def entry(number: int, version: int = 1) -> pb.WatchEntry:
    """Returns a complete entry about the wallet of a number, of the size that entries of real lists have."""
    found = pb.WatchEntry(
        account=account(number),
        giver=("ofac-sdn", "graphsense-tagpack", "hk-police", "partner-desk")[number % 4],
        category=("sanction", "ransomware", "scam", "mixing_service", "terrorist_financing")[number % 5],
        confidence=payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE,
        confidence_level=30 + number % 60,
        valid_from=BEGAN_MS,
        valid_until=BEGAN_MS + 5 * YEAR_MS,
        action=payload_pb2.WATCH_ACTION_ALERT_ME,
        version=version,
    )
    if number % 2:
        found.actor = f"actor {number % 997}"
    if number % 3 == 0:
        found.label = f"cluster {number % 8191}"
    return found


def texts(count: int, seed: int) -> list[str]:
    """Returns addresses as they come in: of every chain, bare, none of them listed but for chance.

    Of a hundred, 88 are made from numbers, 10 are real ones out of the tests' files, one has white space around it,
    and one has a letter wrong. EVM addresses come half in EIP-55 case and half in lower case.
    """
    draw, real = Random(seed), real_texts()
    found: list[str] = []
    for number in range(count):
        place = number % 100
        if place < 10:
            found.append(real[draw.randrange(len(real))])
            continue
        chain, text = address(draw.getrandbits(56) + (1 << 56))
        if not chain and number % 2:
            text = text.lower()
        if place == 10:
            text = f" {text}\n"
        elif place == 11:
            text = text[:-1] + ("2" if text[-1] != "2" else "3")
        found.append(text)
    draw.shuffle(found)
    return found


def real_texts() -> list[str]:
    """Returns the addresses of the tests' files of real lists, those with a wrong checksum included."""
    found: list[str] = []
    for name in ("wallets_sample.csv", "defects.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            found += [row["address"] for row in csv.DictReader(file) if row.get("address")]
    with (DATA / "multicoin_validator_cases.jsonl").open(encoding="utf-8") as lines:
        found += [str(row["address"]) for row in map(json.loads, lines) if row["currency"] in ("btc", "eth", "trx")]
    return found


def entries(first: int, count: int) -> Iterator[pb.WatchEntry]:
    """Yields the entries of numbers in a row."""
    return map(entry, range(first, first + count))
