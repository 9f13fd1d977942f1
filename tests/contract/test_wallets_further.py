"""Chains beyond the best known ones: real addresses, what each reader refuses, and that no bare text is guessed."""

from __future__ import annotations

import csv
from hashlib import blake2b
from pathlib import Path

import pytest
from comity.wallets import CHAINS, Account, WalletError, lookup_keys, matches, other_readings, parse_account
from comity.wallets.base58 import BITCOIN
from comity.wallets.bech32 import digits_from, text_of
from comity.wallets.blake256 import blake256
from comity.wallets.coins import bare_account
from comity.wallets.families import COSMIC, EVM_PARTS, RELATIVES
from comity.wallets.sifting import sift
from comity.wallets.unified import unjumbled
from comity.watchlists import screening_key

with (Path(__file__).parents[1] / "data" / "addresses" / "further.csv").open(newline="") as _file:
    ROWS = [(row["address"], row["chain"] or None, row["account"]) for row in csv.DictReader(_file)]
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
VECHAIN = "vechain:b1ac3413d346d43539627e6be7ec1b4a"
FIL = "f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za"
STACKS = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7"
NANO = "nano_1rxjbioset1bub7nz6879uikeexymxrashe5bts616qs83qmx5tcxoeox6ms"
NIMIQ = "NQ59 8S2F TQ5H M811 PB8C MTQF P9NY DP40 VYBY"
ICON = "hx477ac35d999d2db17b3a00cfcff70ea507f009ef"
UNIFIED = next(text for text, _, _ in ROWS if text.startswith("u1"))
ERGO = "9ftXfVsBW1hUb3F432NEYqMgBfPgW4UsTgsFo6ofEsXyMx2rzL7"
TERRA = "terra1hnsch5v36w8h5el6x2hc6rcg459t3yfwnvc6gm"
NEO = "AQos7r7repyb9AUzFuKc8voH4TS9XuQg7H"


def kind(text: str, chain: str | None = None) -> str:
    try:
        parse_account(text, chain)
    except WalletError as error:
        return error.kind.value
    return ""


def bech32(hrp: str, data: bytes, constant: int = 1) -> str:
    """Own words of BIP-173 and BIP-350, apart from the code under test."""
    digits, state = list(digits_from(data)), 1
    for digit in [*(ord(c) >> 5 for c in hrp), 0, *(ord(c) & 31 for c in hrp), *digits, *[0] * 6]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ digit
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    checks = [(state ^ constant) >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{hrp}1{text_of(bytes([*digits, *checks]))}"


def jumbled(data: bytes) -> bytes:
    """F4Jumble in own words of ZIP 316, apart from the code under test."""
    left, right = data[: (half := min(64, len(data) // 2))], data[half:]

    def h(number: int, source: bytes) -> bytes:
        return blake2b(source, digest_size=half, person=b"UA_F4Jumble_H" + bytes([number, 0, 0])).digest()

    def g(number: int, source: bytes) -> bytes:
        blocks = range(-(-len(right) // 64))
        persons = [b"UA_F4Jumble_G" + bytes([number]) + block.to_bytes(2, "little") for block in blocks]
        return b"".join(blake2b(source, person=person).digest() for person in persons)[: len(right)]

    def xor(one: bytes, other: bytes) -> bytes:
        return bytes(a ^ b for a, b in zip(one, other, strict=True))

    right = xor(right, g(0, left))
    left = xor(left, h(0, right))
    right = xor(right, g(1, left))
    return xor(left, h(1, right)) + right


def unified(receivers: bytes, hrp: str = "u", padding: bytes | None = None) -> str:
    return bech32(hrp, jumbled(receivers + (padding or hrp.encode().ljust(16, b"\0"))), 0x2BC830A3)


@pytest.mark.parametrize(("text", "chain", "account"), ROWS)
def test_a_real_address_has_its_canonical_account_that_is_read_as_itself(
    text: str, chain: str | None, account: str
) -> None:
    found = parse_account(text, chain)

    assert found.caip10 == account
    assert parse_account(account).caip10 == account
    assert parse_account(found.address, found.chain).caip10 == account
    assert sift([text, account])[1] is None
    if sift([text]) != [None]:
        assert sift([text]) == [screening_key(parse_account(text).caip10).lower()]


@pytest.mark.parametrize(
    ("text", "account"),
    [
        (ICON, f"slip44:74:{ICON}"),
        (NIMIQ, "slip44:242:NQ598S2FTQ5HM811PB8CMTQFP9NYDP40VYBY"),
        (f"xrb_{NANO[5:]}", f"slip44:165:{NANO}"),
        (ERGO, f"ergo:b0244dfc267baca974a4caee06120321:{ERGO}"),
        ("mv1J48Gs3LfajJ5tycqv9i7rxy1eJkZbx894", "slip44:1969:mv1J48Gs3LfajJ5tycqv9i7rxy1eJkZbx894"),
    ],
)
def test_a_form_of_one_chain_alone_needs_no_name(text: str, account: str) -> None:
    assert parse_account(text).caip10 == parse_account(account).caip10 == account


def test_an_account_in_another_spelling_of_an_evm_chain_is_that_of_the_chain() -> None:
    body = bytes.fromhex(EVM[2:])
    for part, chain in EVM_PARTS.items():
        found = parse_account(bech32(part, body))
        assert found == Account(f"{chain}:{EVM}", chain, EVM, bech32(part, body), found.checksum)
        assert kind(bech32(part, body + b"\0")) == "BAD_LENGTH"
        assert kind(bech32(part, body), "ETH") == "WRONG_CHAIN"
    assert parse_account(f"xdc{EVM[2:].lower()}").caip10 == f"eip155:50:{EVM}"
    assert kind(f"xdc{EVM[2:]}".replace("aAe", "aae")) == "BAD_CHECKSUM"


@pytest.mark.parametrize("chain", [chain for chain in COSMIC if chain.part != "terra"], ids=lambda chain: chain.part)
def test_every_human_readable_part_says_its_chain_and_has_its_sizes(chain) -> None:  # type: ignore[no-untyped-def]
    for size in chain.sizes:
        text = bech32(chain.part, bytes(size))
        assert parse_account(text).caip10 == parse_account(text.upper(), chain.caip2).caip10 == f"{chain.caip2}:{text}"
        assert kind(text, "BTC") == "WRONG_CHAIN"
        assert kind(text[:-1] + ("q" if text[-1] != "q" else "p")) == "BAD_CHECKSUM"
    assert kind(bech32(chain.part, bytes(19))) == "BAD_LENGTH"
    if chain.head:
        assert kind(bech32(chain.part, b"\x77" + bytes(chain.sizes[0] - 1))) == "NOT_AN_ADDRESS"


def test_an_address_of_both_chains_of_terra_is_nobodys_until_one_is_named() -> None:
    assert kind(TERRA) == "UNKNOWN_CHAIN"
    assert parse_account(TERRA, "LUNA").chain == "cosmos:phoenix-1"
    assert parse_account(TERRA, "lunc").chain == "cosmos:columbus-5"
    assert kind(TERRA, "BTC") == "WRONG_CHAIN"


@pytest.mark.parametrize("relative", RELATIVES, ids=lambda relative: relative.name)
def test_every_version_is_read_where_its_chain_is_named(relative) -> None:  # type: ignore[no-untyped-def]
    for number, version in enumerate(relative.versions.split()):
        old, _, new = version.partition(">")
        body = bytes([number]) * 20
        text, canonical = (BITCOIN.encode_check(bytes.fromhex(head) + body) for head in (old, new or old))
        found = parse_account(text, relative.caip2)
        assert found.caip10 == f"{relative.caip2}:{canonical}" == parse_account(found.caip10).caip10
        if len(old) == 2:
            assert kind(text) or parse_account(text).chain != relative.caip2
    if relative.part:
        text = bech32(relative.part, bytes(0))
        assert kind(text) != ""
        assert relative.part in "".join(chain.forms for chain in CHAINS if chain.caip2 == relative.caip2)


def test_segregated_witness_addresses_of_relatives_say_their_chain() -> None:
    assert parse_account("dgb1q00002724tefpjkpn8mp233uyqwd8hnny55e0zg").chain == "slip44:20"
    assert parse_account("VTC1QGXSY46A865Z5AWREVVCU9K9LL9H5YL4EFGJ78G").chain == "slip44:28"
    assert kind("dgb1q00002724tefpjkpn8mp233uyqwd8hnny55e0zg", "BTC") == "WRONG_CHAIN"


@pytest.mark.parametrize(
    ("text", "named", "bare"),
    [
        ("3PgeyhEJEnS5CeBu3iFcu3JHVKemeHx1AW", "VTC", "bip122:000000000019d6689c085ae165831e93"),
        ("3PgeyhEJEnS5CeBu3iFcu3JHVKemeHx1AW", "DGB", "bip122:000000000019d6689c085ae165831e93"),
        ("D5gNLiUXcgjjr9A4GQoKaBrLRkFRWKSZKt", "DGB", "bip122:1a91e3dace36e2be3bf030a65679fe82"),
        ("MSakZo8uwUuoVgJ6s3ugLTRE2HTRUgybkZ", "ETP", "bip122:12a765e31ffd4059bada1e25190f6e98"),
        ("t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd", "ZCL", "bip122:00040fe8ec8471911baa1db1266ea15d"),
        (EVM, "VET", "eip155:*"),
    ],
)
def test_a_bare_text_finds_what_was_listed_on_another_chain_with_the_same_form(
    text: str, named: str, bare: str
) -> None:
    listed, seen = parse_account(text, named), parse_account(text)

    assert listed.chain != seen.chain == bare
    assert bare_account(listed.caip10) == seen.caip10 == f"{bare}:{text}"
    assert listed.caip10 in [other.caip10 for other in other_readings(seen)]
    assert not matches(listed, seen)


def test_an_account_of_vechain_is_no_account_of_an_evm_chain() -> None:
    listed = parse_account(EVM.lower(), "VeChain")

    assert listed.caip10 == f"{VECHAIN}:{EVM}"
    assert lookup_keys(listed) == (listed.caip10,)
    assert bare_account(parse_account(NEO, "NEO").caip10) == ""


@pytest.mark.parametrize(
    ("text", "chain", "expected"),
    [
        # Read where the chain is named and nowhere else.
        (NEO, None, "UNKNOWN_CHAIN"),
        ("Sa8dohcLPGstDoiRQYZZLHsGYkK6YNAzFN", None, "UNKNOWN_CHAIN"),
        ("bfxtelos1111", None, "NOT_AN_ADDRESS"),
        ("alice.near", None, "NOT_AN_ADDRESS"),
        ("0.0.123", None, "NOT_AN_ADDRESS"),
        ("f01234", None, "NOT_AN_ADDRESS"),
        (f"0x{'1' * 64}", None, "BAD_LENGTH"),
        (f"0x{'1' * 64}", "ETH", "BAD_LENGTH"),
        (f"0x{'1' * 63}", "sui", "BAD_LENGTH"),
        (EVM, "APT", "BAD_LENGTH"),
        (f"0x{'g' * 64}", "APT", "NOT_AN_ADDRESS"),
        ("qpuqempp9cv9u00jht2yvhhelmtudpvp6q680ygtfe", None, "BAD_CHECKSUM"),
        ("ecash:qpuqempp9cv9u00jht2yvhhelmtudpvp6q680ygtfe", "BCH", "WRONG_CHAIN"),
        ("ectest:qpuqempp9cv9u00jht2yvhhelmtudpvp6q680ygtfe", None, "BAD_CHECKSUM"),
        # Filecoin
        (FIL[:-1] + "b", None, "NOT_AN_ADDRESS"),
        (FIL[:-2] + "aa", None, "BAD_CHECKSUM"),
        ("t" + FIL[1:], None, "TESTNET"),
        ("t01234", "FIL", "TESTNET"),
        ("f001234", "FIL", "NOT_AN_ADDRESS"),
        # Nano, Stacks, Nimiq
        (NANO[:-1] + "t", None, "BAD_CHECKSUM"),
        (NANO[:-1], None, "NOT_AN_ADDRESS"),
        (STACKS[:-1] + "8", None, "BAD_CHECKSUM"),
        (STACKS[:-2], None, "BAD_LENGTH"),
        ("ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQYAC0RQ", None, "TESTNET"),
        (NIMIQ[:-1] + "X", None, "BAD_CHECKSUM"),
        # NEAR, Hedera
        ("alice.testnet", "NEAR", "TESTNET"),
        ("Alice.near", "NEAR", "NOT_AN_ADDRESS"),
        ("a", "NEAR", "NOT_AN_ADDRESS"),
        ("a" * 65, "NEAR", "NOT_AN_ADDRESS"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "NEAR", "WRONG_CHAIN"),
        ("0.0.123-vfmkx", "HBAR", "BAD_CHECKSUM"),
        ("0.0.123-esxsf", "HBAR", "TESTNET"),
        ("0.0", "HBAR", "NOT_AN_ADDRESS"),
        ("0.0.01", "HBAR", "NOT_AN_ADDRESS"),
        # Base58Check of other checks
        ("DsVYpt29NxnmgttNubPghmXRY34hVtaRbab", None, "BAD_CHECKSUM"),
        ("3PKVM8fRTDav64MSMHEMbA9rXvo1bUc1hyT", None, "BAD_CHECKSUM"),
        ("ARBF25kbKd8gxDLDSGF6hAfzdTVuuYJK1kQ", None, "BAD_CHECKSUM"),
        ("TsijUgejaRnLKF5WAbpUxNtwKGUiKVeXLr7", None, "TESTNET"),
        ("qchBPDUYswobzpDmY5DsTStt74sTYQtaQv", "QTUM", "TESTNET"),
        (BITCOIN.encode_check(b"\x01\x57" + bytes(20)), None, "BAD_CHECKSUM"),
        (ERGO[:-1] + "8", None, "BAD_CHECKSUM"),
        ("3WvwLWTKDWHkYLYSszeGxoxsnegkrCSb972EsjGDz9wfvsdzqxYA", None, "TESTNET"),
        # Unified addresses
        (UNIFIED[:-1] + "q", None, "BAD_CHECKSUM"),
        (UNIFIED[:9] + UNIFIED[9:].upper(), None, "MIXED_CASE"),
        (bech32("u", bytes(47), 0x2BC830A3), None, "BAD_LENGTH"),
        (bech32("u", bytes(80), 1), None, "BAD_CHECKSUM"),
        (bech32("u", bytes(80), 0x2BC830A3), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43)), None, ""),
        (unified(b"\x03\x2b" + bytes(43)), "BTC", "WRONG_CHAIN"),
        (unified(b"\x03\x2b" + bytes(43), "utest"), None, "TESTNET"),
        (unified(b"\x03\x2b" + bytes(43), padding=b"v".ljust(16, b"\0")), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(42)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2a" + bytes(42)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43) + b"\x02\x2b" + bytes(43)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43) + b"\xfd\x03"), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43) + b"\xfd\xff\x00\x00"), None, ""),
        (unified(b"\x03\x2b" + bytes(43) + b"\xfd\xfc\x00\x00"), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43) + b"\xfe\x01\x00\x00\x02\x00"), None, "NOT_AN_ADDRESS"),
        (unified(b"\x00\x14" + bytes(20) + b"\x01\x14" + bytes(20)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x00\x14" + bytes(20) + b"\x01\x14" + bytes(20) + b"\x03\x2b" + bytes(43)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x00\x14" + bytes(40)), None, "NOT_AN_ADDRESS"),
        (unified(b"\x03\x2b" + bytes(43) + b"\x04"), None, "NOT_AN_ADDRESS"),
    ],
)
def test_what_is_no_account_of_these_chains_is_refused_for_its_reason(
    text: str, chain: str | None, expected: str
) -> None:
    assert kind(text, chain) == expected


def test_a_filecoin_actor_has_its_number_where_the_chain_is_named() -> None:
    assert parse_account("f01234", "FIL").caip10 == "fil:f:f01234"
    assert parse_account("fil:f:f01234").checksum == "ABSENT"


def test_f4jumble_is_undone_at_every_length_that_an_address_has() -> None:
    for size in (48, 79, 127, 128, 129, 160, 250):
        data = bytes(place % 251 for place in range(size))
        assert unjumbled(jumbled(data)) == data


def test_blake_256_gives_the_vector_of_its_specification() -> None:
    assert blake256(b"\0").hex() == "0ce8d4ef4dd7cd8d62dfded9d4edb0a774ae6a41929a74da23109e8f11139c87"
    assert blake256(b"").hex() == "716f6e863f744b9ac22c97ec7b76ea5f5908bc5b2f67c61510bfc4751384ea7a"
