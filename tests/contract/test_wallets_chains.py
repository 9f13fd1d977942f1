"""Chains beyond the first eight: real addresses, shared forms, and what each reader refuses."""

from __future__ import annotations

import base64
import binascii
import hashlib

import pytest
from comity.wallets import Account, Checksum, WalletError, other_readings, parse_account
from comity.wallets.base58 import BITCOIN
from comity.wallets.bech32 import bytes_of, digits_from, digits_of, text_of
from comity.wallets.cashaddr import decode, encode
from comity.wallets.coins import bare_account
from comity.wallets.sifting import sift
from comity.watchlists import screening_key, seen_keys

BCH = "bip122:000000000000000000651ef99cb9fcbe"
BSV = "bip122:000000000000000001d956714215d96f"
BTC = "bip122:000000000019d6689c085ae165831e93"
DOGE = "bip122:1a91e3dace36e2be3bf030a65679fe82"
XVG = "bip122:00000fc63692467faeb20cdb3b53200d"
XLM = "stellar:pubnet"
OWNER = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
MUXED = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAABUTGI4"
ANY_NETWORK = "5HLRsimRtdb11HX73JtRd79avhCMruocgDJUXdosSJK1s6nz"
CASH = "qz9f2vz3033sg5vc5mf7m7xshmj0jugy4ummf05jk8"
ICARUS = "Ae2tdPwUPEZM18sAbkECJG9GxaRd2PMbaoxUjs5W7iUckiCGUSTMggRzLwt"


def kind(text: str, chain: str | None = None) -> str:
    try:
        parse_account(text, chain)
    except WalletError as error:
        return error.kind.value
    return ""


def bech32(hrp: str, data: bytes, constant: int = 1, padding: int = 0) -> str:
    """Own words of BIP-173, apart from the code under test."""
    digits = list(digits_from(data))
    digits[-1:] = [digit | padding for digit in digits[-1:]]
    state = 1
    for digit in [*(ord(c) >> 5 for c in hrp), 0, *(ord(c) & 31 for c in hrp), *digits, *[0] * 6]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ digit
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    checks = [(state ^ constant) >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{hrp}1{text_of(bytes([*digits, *checks]))}"


def strkey(version: int, body: bytes) -> str:
    data = bytes([version]) + body
    return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")


def ss58(prefix: int, key: bytes = bytes(range(32))) -> str:
    body = bytes([prefix]) + key
    return BITCOIN.encode(body + hashlib.blake2b(b"SS58PRE" + body).digest()[:2])


def byron(body: bytes) -> str:
    return BITCOIN.encode(b"\x82\xd8\x18\x58" + bytes([len(body)]) + body + b"\x1a" + binascii.crc32(body).to_bytes(4))


@pytest.mark.parametrize(
    ("text", "chain", "account"),
    [
        (CASH, None, f"{BCH}:{CASH}"),
        (f"BITCOINCASH:{CASH.upper()}", "bch", f"{BCH}:{CASH}"),
        ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "BCH", f"{BCH}:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
        ("3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", "BCH", f"{BCH}:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"),
        ("12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9", "BSV", f"{BSV}:12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9"),
        ("GSNFPRsdaM3MXrU5HW1AxgFwmUQC8HXK9F", "btg", "slip44:156:GSNFPRsdaM3MXrU5HW1AxgFwmUQC8HXK9F"),
        ("DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z", "XVG", f"{XVG}:DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z"),
        ("DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z", None, f"{DOGE}:DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z"),
        (f"{OWNER}-payment-reference", None, f"{XLM}:{OWNER}-payment-reference"),
        (MUXED, None, f"{XLM}:{MUXED}"),
        ("addr1q85w6gzs6hhxkaga2uq8sgxrw79zrejfky9plc2gnpwcyjwnnyx7u4stfy2acdeqaxn3azf3k3ld9r4jm2gles4ec9xstvp7vy",
         "ADA",
         "cip34:1-764824073:addr1q85w6gzs6hhxkaga2uq8sgxrw79zrejfky9plc2gnpwcyjwnnyx7u4stfy2acdeqaxn3azf3k3ld9r4jm2gles4ec9xstvp7vy"),
    ],
)  # fmt: skip
def test_every_spelling_has_one_canonical_account_that_is_read_as_itself(
    text: str, chain: str | None, account: str
) -> None:
    found = parse_account(text, chain)

    assert (found.caip10, found.checksum) == (account, Checksum.VALID)
    assert parse_account(account).caip10 == account
    assert sift([text, account]) in ([None, None], [screening_key(parse_account(text).caip10).lower(), None])


def test_a_name_of_eos_is_read_where_the_chain_is_named_and_nowhere_else() -> None:
    account = parse_account("bitfinexdep1", "EOS")

    assert (account.caip10, account.checksum) == (
        "antelope:aca376f206b8fc25a6ed44dbdc66547c:bitfinexdep1",
        Checksum.ABSENT,
    )
    assert parse_account(account.caip10).caip10 == account.caip10
    assert (kind("bitfinexdep1"), kind("Bitfinexdep1", "EOS"), kind("ends.", "EOS")) == ("NOT_AN_ADDRESS",) * 3


def test_a_part_of_a_stellar_account_has_the_whole_one_as_its_parent() -> None:
    muxed, memo = parse_account(MUXED), parse_account(f"{OWNER}-123")

    assert (muxed.tag, memo.tag) == ("420", "123")
    assert muxed.parent == memo.parent == f"{XLM}:{OWNER}"
    assert seen_keys(muxed) == (f"{XLM}:{MUXED}", f"{XLM}:{OWNER}")


def test_a_prefix_of_any_network_becomes_that_of_the_chain_named() -> None:
    dot, ksm = parse_account(ANY_NETWORK, "DOT"), parse_account(ANY_NETWORK, "KSM")

    assert BITCOIN.decode(dot.address)[1:33] == BITCOIN.decode(ksm.address)[1:33] == BITCOIN.decode(ANY_NETWORK)[1:33]  # type: ignore[index]
    assert (dot.address[0], parse_account(dot.address), parse_account(ksm.address).caip10) == (
        "1",
        Account(dot.caip10, dot.chain, dot.address, dot.address, Checksum.VALID),
        ksm.caip10,
    )


@pytest.mark.parametrize(
    ("text", "chain", "expected"),
    [
        (CASH[:-1] + "q", None, "BAD_CHECKSUM"),
        (f"bitcoincash:{CASH[:-1]}b", None, "NOT_AN_ADDRESS"),
        (f"bitcoincash:x:{CASH}", None, "NOT_AN_ADDRESS"),
        (f"Bitcoincash:{CASH}", None, "MIXED_CASE"),
        (CASH, "BTC", "WRONG_CHAIN"),
        ("AKDVzYGLczmykdtRaejgvWeZrvdkVEvQ1X", None, "UNKNOWN_CHAIN"),
        (BITCOIN.encode_check(b"\x01\x02" + bytes(20)), None, "BAD_LENGTH"),
        (BITCOIN.encode_check(b"\x1d\x25" + bytes(20)), None, "TESTNET"),
        ("tz1PvUiruN1oqzT3TrUyuMo5sxSPdRzgQKk2", None, "BAD_CHECKSUM"),
        (strkey(49, bytes(32)), None, "NOT_AN_ADDRESS"),
        (f"{OWNER[:-1]}A", None, "BAD_CHECKSUM"),
        (f"{OWNER}A-1", None, "BAD_LENGTH"),
        (f"{MUXED}-1", None, "NOT_AN_ADDRESS"),
        (MUXED[:-1] + chr(ord(MUXED[-1]) + 1), None, "NOT_AN_ADDRESS"),
        (f"{OWNER[:-1]}a", None, "NOT_AN_ADDRESS"),
        (f"{OWNER}-no memo", None, "NOT_AN_ADDRESS"),
        ("0" + "A" * 57, None, "NOT_AN_ADDRESS"),
        ("PXRWONKSY5AIOI32N75FNR5OGPEFV7PIXLEPV4WMT5GESSUJIYJ2ZBJRXZ", None, "NOT_AN_ADDRESS"),
        ("QXRWONKSY5AIOI32N75FNR5OGPEFV7PIXLEPV4WMT5GESSUJIYJ2ZBJRXY", None, "BAD_CHECKSUM"),
        (ANY_NETWORK, None, "UNKNOWN_CHAIN"),
        (ss58(38), "DOT", "UNKNOWN_CHAIN"),
        (ANY_NETWORK[:-1] + "A", "DOT", "BAD_CHECKSUM"),
        (BITCOIN.encode(bytes([38]) + bytes(range(34))), None, "BAD_LENGTH"),
        ("2" * 46, None, "BAD_LENGTH"),
        (bech32("cosmos", bytes(19)), None, "BAD_LENGTH"),
        (bech32("cosmos", bytes(20), 0x2BC830A3), None, "BAD_CHECKSUM"),
        (bech32("cosmos", bytes(19), padding=1), None, "NOT_AN_ADDRESS"),
        ("cosmos1" + "b" * 38, None, "NOT_AN_ADDRESS"),
        (bech32("tbnb", bytes(20)), None, "TESTNET"),
        (bech32("cosmos", bytes(20))[:9] + bech32("cosmos", bytes(20))[9:].upper(), None, "MIXED_CASE"),
        (bech32("addr", b""), None, "NOT_AN_ADDRESS"),
        (bech32("addr", bytes([0x61]) + bytes(27)), None, "BAD_LENGTH"),
        (bech32("addr", bytes([0x60]) + bytes(28)), None, "NOT_AN_ADDRESS"),
        (bech32("addr", bytes([0xE1]) + bytes(28)), None, "NOT_AN_ADDRESS"),
        (ICARUS[:-1] + "u", None, "BAD_CHECKSUM"),
        (BITCOIN.encode(b"\x82\xd8\x18\x58" + b"\xff" * 40), None, "BAD_CHECKSUM"),
        (byron(b"\x83\x58\x1c" + bytes(28) + b"\xa1\x02\x45\x1a\x41\x70\xcb\x17\x00"), None, "TESTNET"),
        (byron(b"\x83\x58\x1c" + bytes(28) + b"\xa0\x05"), None, "NOT_AN_ADDRESS"),
        (byron(bytes(40)), None, "NOT_AN_ADDRESS"),
    ],
)
def test_what_is_no_account_of_these_chains_is_refused_for_its_reason(
    text: str, chain: str | None, expected: str
) -> None:
    assert kind(text, chain) == expected


def test_the_padding_of_a_bech32_text_is_zero() -> None:
    assert bytes_of(b"\x1f\x1f") is None
    assert bytes_of(b"\x00\x00\x00") is None
    assert bytes_of(digits_from(b"\x12\x34")) == b"\x12\x34"
    assert digits_of("b") is None
    text = bech32("cosmos", bytes(19))
    assert kind(text) == "BAD_LENGTH"
    odd = "cosmos1" + text_of(b"\x01" * 10)
    assert kind(odd) == "BAD_CHECKSUM"


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (digits_from(bytes([0x20]) + bytes(20)), "NOT_AN_ADDRESS"),
        (digits_from(bytes([0x01]) + bytes(20)), "BAD_LENGTH"),
        (digits_from(bytes([0x00]) + bytes(20))[:-1] + b"\x01", "NOT_AN_ADDRESS"),
        (b"", "NOT_AN_ADDRESS"),
    ],
)
def test_a_cashaddr_with_a_right_code_and_wrong_content_is_refused(digits: bytes, expected: str) -> None:
    state = 1
    for digit in [*(ord(char) & 31 for char in "bitcoincash"), 0, *digits, *[0] * 8]:
        top, state = state >> 35, (state & 0x07FFFFFFFF) << 5 ^ digit
        for bit, value in enumerate((0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)):
            state ^= value if top >> bit & 1 else 0
    checks = bytes((state ^ 1) >> 5 * (7 - place) & 31 for place in range(8))

    assert kind(f"bitcoincash:{text_of(digits + checks)}") == expected


def test_an_account_that_takes_tokens_is_the_plain_one_and_a_long_script_has_its_form() -> None:
    body = bytes(range(32))
    long = encode(1, body)

    assert decode(long) == (1, body)
    assert len(long) == 61
    assert parse_account(long).caip10 == f"{BCH}:{long}"
    assert bare_account(f"{BCH}:{long}") == ""
    # The example of the CashTokens proposal: the same hash with and without the mark.
    assert parse_account("zr6m7j9njldwwzlg9v7v53unlr4jkmx6eycnjehshe").caip10 == (
        f"{BCH}:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2"
    )


@pytest.mark.parametrize(
    ("text", "named", "bare"),
    [
        ("1DiceoejxZdTrYwu3FMP2Ldew91jq9L2u", "BCH", BTC),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "BCH", BTC),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "LTC", BTC),
        ("12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9", "BSV", BTC),
        ("DFFJhnQNZf8rf67tYnesPu7MuGUpYtzv7Z", "XVG", DOGE),
    ],
)
def test_a_bare_text_finds_what_was_listed_on_another_chain_with_the_same_form(
    text: str, named: str, bare: str
) -> None:
    listed, seen = parse_account(text, named), parse_account(text)

    assert bare_account(listed.caip10) == seen.caip10 == f"{bare}:{text}"
    assert listed.caip10 in [other.caip10 for other in other_readings(seen)]


@pytest.mark.parametrize(
    "text", [f"{BTC}:3P14159f73E4gFr7JterCCQh9QjiTjiZrG", CASH, "XyARKoupuArYtToA2S6yMdnoquDCDaBsaT", OWNER]
)
def test_a_text_that_says_its_chain_means_no_other(text: str) -> None:
    assert other_readings(parse_account(text)) == ()


def test_an_account_whose_form_nothing_else_has_is_found_under_itself_alone() -> None:
    for text in ("LX4YojYdeBk3TtUcryCcgAqYxjicKfK7AD", OWNER):
        assert bare_account(parse_account(text).caip10) == ""
    assert bare_account(parse_account(BITCOIN.encode_check(b"\x21" + bytes(20))).caip10) == ""
