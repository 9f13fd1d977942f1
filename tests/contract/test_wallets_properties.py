"""Properties: the parser is total, canonical forms are fixed points, and the published codecs agree with ours."""

from __future__ import annotations

import base64
import binascii

import pytest
from base58_bech32 import base58 as other_base58
from base58_bech32 import bech32 as other_bech32
from bip_utils import EthAddrEncoder, SolAddrEncoder, TrxAddrEncoder, XrpAddrEncoder
from comity.wallets import (
    Account,
    Checksum,
    Transaction,
    WalletError,
    WalletErrorKind,
    parse_account,
    parse_transaction,
)
from comity.wallets.base58 import BITCOIN, RIPPLE, decode_blocks, encode_blocks
from hypothesis import assume, given
from hypothesis import strategies as st

SOUND = (
    "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "LTpYZG19YmfvY2bBDYtCKpunVRw7nVgRHW",
    "TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r",
    "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY",
    "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2qwGkhgc48zzcx6Gkr",
    "483MrwgmB1yTzuzmJPSiWGQmBYC1Z21yTQXQuDWv4MZm6qBnA4CCMXVgsjoFRmGkATR8yeytc2tFJKgvKz1Bbhj5UhSCham",
    "Uf_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXGYv",
    "6ZRCB7AAqGre6c72PRz3MHLC73VMYvJ8bi9KHf1HFpNk",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "eip155:1:0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)
CHECKSUMMED = SOUND[:8]
HINTS = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.sampled_from(["BTC", "LTC", "ETH", "XRP", "XMR", "USDT", "eip155:*", "eip155:5", "ton:-239"]),
)


def outcome(text: str, chain: str | None = None) -> Account | WalletError:
    try:
        return parse_account(text, chain)
    except WalletError as error:
        return error


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SOUND))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text(max_size=3)) + text[at + draw(st.integers(0, 3)) :]


SHAPED = st.from_regex(
    r"\A(?:[13LMTXr48bcl][1-9A-HJ-NP-Za-km-z]{24,106}|[EUk0][Qf][-_0-9A-Za-z]{46}|0x[0-9a-fA-F]{40})\Z"
)


@given(
    text=st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1")), near_misses(), SHAPED), chain=HINTS
)
def test_any_text_is_an_account_whose_canonical_form_is_a_fixed_point_or_a_refusal(
    text: str, chain: str | None
) -> None:
    result = outcome(text, chain)
    if isinstance(result, WalletError):
        assert len(text.strip()) < 25 or text.strip() not in str(result)
        return
    again = parse_account(result.caip10)
    assert result.raw == text
    assert (again.caip10, again.chain, again.address) == (result.caip10, result.chain, result.address)
    assert (again.tag, again.parent) == (result.tag, result.parent)


@given(text=st.one_of(st.text(), st.from_regex(r"\A(0x)?[0-9a-fA-F]{64}\Z")), chain=HINTS)
def test_any_text_is_a_transaction_or_a_refusal(text: str, chain: str | None) -> None:
    result: Transaction | WalletError
    try:
        result = parse_transaction(text, chain)
    except WalletError as error:
        result = error
    assert isinstance(result, WalletError) or parse_transaction(result.caip).caip == result.caip


@given(text=st.sampled_from(CHECKSUMMED), data=st.data())
def test_one_wrong_character_is_never_put_right(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"))
    assume(char != text[at])

    with pytest.raises(WalletError):
        parse_account(text[:at] + char + text[at + 1 :])


@given(st.binary(max_size=60))
def test_base58_agrees_with_the_published_codec(raw: bytes) -> None:
    for ours, alphabet in ((BITCOIN, other_base58.BITCOIN_ALPHABET), (RIPPLE, other_base58.RIPPLE_ALPHABET)):
        text = ours.encode(raw)
        assert text == other_base58.b58encode(raw, alphabet=alphabet).decode()
        assert ours.encode_check(raw) == other_base58.b58encode_check(raw, alphabet=alphabet).decode()
        assert ours.decode(text) == raw


@given(st.text(max_size=24))
def test_what_the_block_decoder_accepts_it_writes_again(text: str) -> None:
    ascii_text = text.encode("ascii", "ignore").decode()
    raw = decode_blocks(ascii_text)

    assert raw is None or encode_blocks(raw) == ascii_text


@given(version=st.integers(0, 31), program=st.binary(min_size=0, max_size=44), hrp=st.sampled_from(["bc", "ltc", "tb"]))
def test_segwit_addresses_are_read_exactly_where_bip_173_and_350_allow(version: int, program: bytes, hrp: str) -> None:
    digits = [version, *other_bech32.convertbits(program, 8, 5)]
    constant = other_bech32.BECH32_M_CONST if version else other_bech32.BECH32_1_CONST
    text = other_bech32.bech32_encode(hrp, digits, m=constant).decode()
    sound = version <= 16 and 2 <= len(program) <= 40 and (version > 0 or len(program) in (20, 32))
    result = outcome(text.upper())
    if isinstance(result, WalletError):
        assert (result.kind is WalletErrorKind.TESTNET) == (hrp == "tb" and sound)
        assert hrp == "tb" or not sound
    else:
        assert sound
        assert result.address == text


@given(st.binary(min_size=20, max_size=20), st.sampled_from([0x00, 0x05, 0x30, 0x32, 0x41]))
def test_every_base58check_payload_of_a_known_version_is_read(payload: bytes, version: int) -> None:
    text = other_base58.b58encode_check(bytes([version]) + payload).decode()
    account = parse_account(text)

    assert (account.address, account.checksum) == (text, Checksum.VALID)


@given(st.binary(min_size=32, max_size=32))
def test_every_32_bytes_are_a_solana_account(raw: bytes) -> None:
    text = other_base58.b58encode(raw).decode()

    assert (parse_account(text).address, parse_account(text).checksum) == (text, Checksum.ABSENT)


@given(digits=st.binary(min_size=32, max_size=32), bounce=st.booleans(), master=st.booleans())
def test_every_ton_account_has_one_form_from_both_flags_and_alphabets(
    digits: bytes, bounce: bool, master: bool
) -> None:
    data = bytes([0x11 if bounce else 0x51, 0xFF if master else 0]) + digits
    data += binascii.crc_hqx(data, 0).to_bytes(2, "big")
    raw = f"{-1 if master else 0}:{digits.hex()}"
    forms = (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), raw)

    assert {parse_account(form).address for form in forms} == {raw}


@given(st.binary(min_size=32, max_size=32).filter(any))
def test_bip_utils_writes_the_same_addresses_for_a_public_key(secret: bytes) -> None:
    from bip_utils import Ed25519PrivateKey, Secp256k1PrivateKey

    assume(Secp256k1PrivateKey.IsValidBytes(secret))
    ecdsa = Secp256k1PrivateKey.FromBytes(secret).PublicKey()
    edwards = Ed25519PrivateKey.FromBytes(secret).PublicKey()
    texts = [
        EthAddrEncoder.EncodeKey(ecdsa),
        TrxAddrEncoder.EncodeKey(ecdsa),
        XrpAddrEncoder.EncodeKey(ecdsa),
        SolAddrEncoder.EncodeKey(edwards),
    ]

    assert [parse_account(text).address for text in texts] == texts
