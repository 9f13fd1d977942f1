"""Many texts at once: `sift` says what `parse_account` says, or nothing, and says it of all that is plainly sound."""

from __future__ import annotations

import base64
import binascii
import csv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from base58_bech32 import bech32 as other_bech32
from comity.wallets import WalletError, parse_account
from comity.wallets.base58 import BITCOIN, RIPPLE, checksum, value_of
from comity.wallets.bech32 import are_segwit, check_segwit
from comity.wallets.coins import bare_account
from comity.wallets.evm import eip55
from comity.wallets.sifting import PORTION, canonical, sift
from comity.watchlists import screening_key
from Crypto.Hash import keccak
from hypothesis import example, given
from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data" / "addresses"
BODIES = st.binary(min_size=20, max_size=20)
CHARACTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl_-: \t\u00e9\u212a\u0130"


def by_reading(text: str) -> str | None:
    """The key of one text, the slow way."""
    try:
        return screening_key(parse_account(text).caip10).lower()
    except WalletError:
        return None


def segwit(hrp: str, version: int, program: bytes) -> str:
    digits = [version, *other_bech32.convertbits(program, 8, 5)]
    constant = other_bech32.BECH32_M_CONST if version else other_bech32.BECH32_1_CONST
    return str(other_bech32.bech32_encode(hrp, digits, m=constant).decode())


def ton(tag: int, workchain: int, digits: bytes) -> str:
    data = bytes([tag, workchain]) + digits
    return base64.urlsafe_b64encode(data + binascii.crc_hqx(data, 0).to_bytes(2)).decode()


SHAPES = (("0x", 42), ("1", 34), ("r", 33), ("T", 34), ("bc1q", 42), ("LTC1Q", 43), ("9", 44), ("EQ", 48))


EVM = BODIES.map(lambda body: body.hex())
PLAIN = st.one_of(
    EVM.map(lambda digits: "0x" + digits),
    EVM.map(lambda digits: "0x" + digits.upper()),
    EVM.map(lambda digits: "0x" + eip55(digits)),
    st.tuples(st.sampled_from([0x00, 0x05, 0x30, 0x32, 0x41]), BODIES).map(
        lambda pair: BITCOIN.encode_check(bytes([pair[0]]) + pair[1])
    ),
    BODIES.map(lambda body: RIPPLE.encode_check(b"\0" + body)),
    st.binary(min_size=32, max_size=32).filter(lambda raw: raw[0] > 0).map(BITCOIN.encode),
    st.tuples(st.sampled_from(["bc", "ltc"]), BODIES).map(lambda pair: segwit(pair[0], 0, pair[1])),
    st.tuples(st.integers(1, 16), st.binary(min_size=2, max_size=40)).map(lambda pair: segwit("bc", *pair)),
    BODIES.map(lambda body: segwit("bc", 0, body).upper()),
    st.tuples(st.sampled_from([0x11, 0x51]), st.sampled_from([0, 0xFF]), st.binary(min_size=32, max_size=32)).map(
        lambda parts: ton(*parts)
    ),
)


@st.composite
def nearly(draw: st.DrawFn) -> str:
    text = draw(PLAIN)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text(CHARACTERS, max_size=2)) + text[at + draw(st.integers(0, 2)) :]


@given(st.lists(PLAIN, min_size=1, max_size=12))
def test_every_plainly_sound_text_has_its_key_whatever_stands_beside_it(texts: list[str]) -> None:
    assert sift(texts) == [by_reading(text) for text in texts]
    assert None not in sift([f" {text}\n" for text in texts])


@given(st.lists(st.one_of(PLAIN, nearly(), st.text(CHARACTERS, max_size=60)), min_size=1, max_size=12))
def test_what_it_says_is_what_reading_says_and_a_wrong_checksum_has_no_key(texts: list[str]) -> None:
    for text, key in zip(texts, sift(texts), strict=True):
        assert key is None or key == by_reading(text)


@example("b" + "a" * 42)
@example("B" + "A" * 42)
@given(PLAIN)
def test_the_key_in_its_own_case_is_the_canonical_one(text: str) -> None:
    (key,) = sift([text])

    assert key is not None
    assert canonical(f" {text}", key) == screening_key(parse_account(text).caip10)


ALIKE: dict[str, Callable[[bytes], str]] = {
    "EVM in EIP-55 case": lambda body: "0x" + eip55(body[:20].hex()),
    "Bitcoin 1": lambda body: BITCOIN.encode_check(b"\0" + body[:20]),
    "Bitcoin 1 with more zeros": lambda body: BITCOIN.encode_check(bytes(3) + body[:18]),
    "Tron": lambda body: BITCOIN.encode_check(b"\x41" + body[:20]),
    "XRP Ledger": lambda body: RIPPLE.encode_check(b"\0" + body[:20]),
    "segwit": lambda body: segwit("bc", 0, body[:20]),
    "segwit, 14 bytes": lambda body: segwit("bc", 7, body[:14]),
    "TON": lambda body: ton(0x51, 0, body),
}


@pytest.mark.parametrize("form", ALIKE)
def test_of_many_alike_each_that_has_one_character_wrong_has_no_key_and_every_other_has(form: str) -> None:
    texts = [ALIKE[form](sha256(bytes([number])).digest()) for number in range(90)]
    spoilt = list(texts)
    for number in range(1, 90, 2):
        at = number // 2 % len(texts[number])
        letter = "3" if texts[number][at] != "3" else "4"
        spoilt[number] = texts[number][:at] + letter + texts[number][at + 1 :]
    asked = [text for text, sound in zip(spoilt, texts, strict=True) if text == sound or by_reading(text) is None]

    assert len(asked) > 80
    assert sift(asked) == [by_reading(text) for text in asked]
    assert sum(key is not None for key in sift(asked)) == 45


def test_an_address_with_more_or_fewer_zeros_in_front_than_its_bytes_have_has_no_key() -> None:
    texts = [BITCOIN.encode_check(bytes(3) + bytes(range(1, 19))), BITCOIN.encode_check(b"\0" + bytes(range(1, 21)))]
    texts += [BITCOIN.encode_check(b"\0\0" + bytes(range(1, 20))) for _ in range(2)]
    fewer, more = [text[1:] for text in texts], ["1" + text for text in texts]

    assert sift(texts) == [by_reading(text) for text in texts]
    assert sift(fewer + more) == [None] * 8


def test_more_than_a_portion_comes_back_in_order() -> None:
    texts = [f"0x{number:040x}" for number in range(PORTION + 5)]

    assert sift(texts) == [f"eip155:*:{text}" for text in texts]


def test_real_wallets_have_the_key_that_reading_gives_them() -> None:
    with (DATA / "wallets_sample.csv").open(newline="") as file:
        texts = [row["address"] for row in csv.DictReader(file)]
    said = [(text, key) for text, key in zip(texts, sift(texts), strict=True) if key is not None]

    assert [text for text, key in said if key != by_reading(text)] == []
    assert len(said) > 0.8 * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x" + "1" * 39 + "g",
        "0x  " + "1" * 38,
        "0xd1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMI",
        "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMj",
        "13FLj1iFqS359KvBXeaStPgqX7hgyifVKbN",
        "3" + "z" * 34,
        "3FLj1iFqS359KvBXeaStPgqX7hgyifVKb\u00e9",
        BITCOIN.encode_check(b"\x06" + bytes(range(1, 21))),
        "2" * 43,
        "z" * 44,
        "1" * 44,
        "bc1Q" + BITCOIN.encode(bytes(range(1, 33)))[-39:],
        "BC1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3tb",
        "bc1gmk9yu",
        "bc1pw5dgrnzv",
        "bc1" + "q" * 88,
        "bx1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "eip155:1:0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "TB1wCoUZSZwcbvQWM5SuTr4k6Hqy3rwKZy",
        BITCOIN.encode(b"\x0b\x30" + bytes(range(20)) + checksum(b"\x30" + bytes(range(20)))),
        ton(0x91, 0, bytes(32)),
        ton(0x11, 1, bytes(32)),
        ton(0x11, 0, b"\xff" * 32).replace("_", "/"),
        ton(0x11, 0, bytes(32))[:-1] + "a",
        "EQ" + "\u00e9" * 46,
        *(f"{begin}{'a' * 12}\n{'a' * (size - 13 - len(begin))}" for begin, size in SHAPES),
    ],
)
def test_what_is_wrong_or_another_form_has_no_key_and_spoils_none(text: str) -> None:
    good = ["3FLj1iFqS359KvBXeaStPgqX7hgyifVKbN", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]

    assert sift([good[0], text, good[1]]) == [by_reading(good[0]), None, by_reading(good[1])]


@pytest.mark.parametrize("length", [6, 12, 39, 40, 59, 88])
def test_segwit_in_bulk_is_segwit_one_by_one(length: int) -> None:
    def alone(hrp: str, data: str) -> bool:
        try:
            check_segwit(hrp, data)
        except WalletError:
            return False
        return True

    sound = [segwit("bc", version, bytes(size))[3:] for version in (0, 1, 16, 17) for size in (5, 20, 32, 40)]
    texts = [text for text in sound if len(text) == length]
    texts += ["q" * length, "b" * length, *(text[:-1] + "p" for text in texts)]

    assert are_segwit("bc", length, [text.encode() for text in texts]) == [alone("bc", text) for text in texts]


@given(st.binary(max_size=40))
def test_keccak_agrees_with_another_library(raw: bytes) -> None:
    digits = raw.hex().ljust(40, "0")[:40]
    pattern = keccak.new(digest_bits=256, data=digits.encode()).hexdigest()

    assert eip55(digits) == "".join(c.upper() if p in "89abcdef" else c for c, p in zip(digits, pattern, strict=False))


def test_more_digits_than_are_joined_at_once_are_one_number_still() -> None:
    digits = bytes(number % 58 for number in range(600))
    expected = 0
    for digit in digits:
        expected = expected * 58 + digit

    assert value_of(digits) == expected
    assert value_of(b"") == 0


STRANGE = ("\u212a", "\u017f", "\u0130", "\uff10", "\u0430", "\u200b", "\xa0", "\x85", "\x1c", "\0", "\ufeff", "\ud800")
"""Letters that lower or upper case turns into ASCII, white space that is none, and what only looks like a digit."""


@given(st.one_of(PLAIN, st.sampled_from(["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".upper()])), st.data())
def test_a_letter_beyond_ascii_never_makes_a_sound_address(text: str, data: st.DataObject) -> None:
    strange = data.draw(st.sampled_from(STRANGE))
    at = data.draw(st.integers(0, len(text) - 1))
    spoilt = [
        text.replace("K", "\u212a", 1),
        text.replace("k", "\u212a", 1),
        text.upper().replace("K", "\u212a", 1),
        text.upper().replace("S", "\u017f", 1),
        text[:at] + strange + text[at + 1 :],
        text[:at] + strange + text[at:],
        strange + text + strange,
    ]
    for found, key in zip(spoilt, sift(spoilt), strict=True):
        assert key is None or key == by_reading(found)


def test_the_kelvin_sign_in_a_segwit_address_is_no_k() -> None:
    sound = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".upper()
    assert sift([sound, sound.replace("K", "\u212a", 1)])[1] is None
    assert sift([sound]) != [None]


@given(BODIES)
@example(bytes(20))
@example(b"\xff" * 20)
def test_an_old_script_address_is_litecoins_too(body: bytes) -> None:
    address = BITCOIN.encode_check(b"\x05" + body)

    bare = parse_account(address).caip10
    assert bare_account(parse_account(address, "LTC").caip10) == bare
    assert bare_account(bare) == ""
