"""Accounts by hand: spellings, refusals, chains named, screening keys, transactions, and the table of chains."""

from __future__ import annotations

import base64
import binascii
import re

import pytest
from comity.errors import MalformedError
from comity.wallets import (
    CHAINS,
    EVM_ANY,
    TESTNETS,
    Account,
    Checksum,
    WalletError,
    WalletErrorKind,
    lookup_keys,
    matches,
    parse_account,
    parse_transaction,
    resolve_chain,
)
from comity.wallets.base58 import BITCOIN, RIPPLE, checksum, encode_blocks
from Crypto.Hash import keccak

BTC = "bip122:000000000019d6689c085ae165831e93"
LTC = "bip122:12a765e31ffd4059bada1e25190f6e98"
XMR = "monero:418015bb9ae982a1975da7d79277c270"
SOL = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
EVM = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
XRP = "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY"
STANDARD = "483MrwgmB1yTzuzmJPSiWGQmBYC1Z21yTQXQuDWv4MZm6qBnA4CCMXVgsjoFRmGkATR8yeytc2tFJKgvKz1Bbhj5UhSCham"
INTEGRATED = (
    "4Hk2skWFnHVTzuzmJPSiWGQmBYC1Z21yTQXQuDWv4MZm6qBnA4CCMXVgsjoFRmGkATR8yeytc2tFJKgvKz1Bbhj5i5fCBuJ3ufPRXhfuLD"
)
CAIP10 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:[-.%a-zA-Z0-9]{1,128}")


def refusal(text: str, chain: str | None = None) -> str:
    with pytest.raises(WalletError) as caught:
        parse_account(text, chain)
    return caught.value.kind.value


def monero(prefix: int, payload: bytes) -> str:
    data = bytes([prefix]) + payload
    return encode_blocks(data + keccak.new(digest_bits=256, data=data).digest()[:4])


def x_address(prefix: bytes, flag: int, tag: bytes) -> str:
    return RIPPLE.encode_check(prefix + bytes(range(1, 21)) + bytes([flag]) + tag)


def test_twelve_spellings_of_a_wallet_are_one_account_and_keep_their_text() -> None:
    lower = EVM.lower()
    spellings = [
        EVM,
        lower,
        "0x" + EVM[2:].upper(),
        f"  {EVM}",
        f"{lower}\n",
        f"\t{EVM}\r\n",
        f"\u00a0{EVM}\u3000",
        f"eip155:1:{EVM}",
        f"eip155:1:{lower}",
        f" eip155:1:{EVM} ",
        f"eip155:*:{EVM}",
        f"eip155:1:0x{EVM[2:].upper()}",
    ]
    accounts = [parse_account(text, "ETH") for text in spellings]

    assert {account.caip10 for account in accounts} == {f"eip155:1:{EVM}"}
    assert [account.raw for account in accounts] == spellings
    assert {account.checksum for account in accounts} == {Checksum.VALID, Checksum.ABSENT}


def test_upper_case_bech32_is_the_same_account_and_legacy_of_the_same_key_is_another() -> None:
    segwit = parse_account("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    upper = parse_account("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "xbt")
    legacy = parse_account("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH")

    assert segwit.caip10 == upper.caip10
    assert matches(segwit, upper)
    assert segwit.chain == legacy.chain == BTC
    assert not matches(segwit, legacy)


@pytest.mark.parametrize(
    ("text", "chain", "caip10", "verdict"),
    [
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", BTC, f"{BTC}:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "VALID"),
        ("LTpYZG19YmfvY2bBDYtCKpunVRw7nVgRHW", None, f"{LTC}:LTpYZG19YmfvY2bBDYtCKpunVRw7nVgRHW", "VALID"),
        ("3FLj1iFqS359KvBXeaStPgqX7hgyifVKbN", None, f"{BTC}:3FLj1iFqS359KvBXeaStPgqX7hgyifVKbN", "VALID"),
        ("3FLj1iFqS359KvBXeaStPgqX7hgyifVKbN", "LTC", f"{LTC}:MMYsKbfoP9va8RTRkTSEDL5vSQHRoY4jjW", "VALID"),
        ("TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", "USDT", "tron:0x2b6653dc:TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", "VALID"),
        ("TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", "tron:728126428",
         "tron:0x2b6653dc:TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", "VALID"),
        ("1" * 32, "sol", f"{SOL}:{'1' * 32}", "ABSENT"),
        (f"{XRP}-495", "Ripple", f"xrpl:0:{XRP}-495", "VALID"),
        (f"{XRP}-0", None, f"xrpl:0:{XRP}-0", "VALID"),
        (EVM, None, f"eip155:*:{EVM}", "VALID"),
        (EVM, "eip155:*", f"eip155:*:{EVM}", "VALID"),
        (EVM, "etc", f"eip155:61:{EVM}", "VALID"),
        (f"eip155:56:{EVM}", "eip155:*", f"eip155:56:{EVM}", "VALID"),
        (f"eip155:0:{EVM}", None, f"eip155:0:{EVM}", "VALID"),
        ("0x" + "0" * 40, "ETH", f"eip155:1:0x{'0' * 40}", "ABSENT"),
        (STANDARD, "monero", f"{XMR}:{STANDARD}", "VALID"),
        ("UQCrT9wQSjIWfJIrWitT5dup79QzkHvKs8jWx_UOoKQlXvP_", "TON",
         "ton:-239:0%3Aab4fdc104a32167c922b5a2b53e5dba9efd433907bcab3c8d6c7f50ea0a4255e", "VALID"),
    ],
)  # fmt: skip
def test_an_address_has_one_canonical_form_whatever_named_its_chain(
    text: str, chain: str | None, caip10: str, verdict: str
) -> None:
    account = parse_account(text, chain)

    assert (account.caip10, account.checksum, account.raw) == (caip10, verdict, text)
    assert parse_account(caip10).caip10 == caip10
    assert parse_account(caip10).address == account.address


def test_canonical_forms_obey_caip_10_but_for_the_bare_evm_address() -> None:
    texts = [f"eip155:1:{EVM}", f"{XRP}-495", INTEGRATED, "Uf_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXGYv"]

    assert all(CAIP10.fullmatch(parse_account(text).caip10) for text in texts)
    assert not CAIP10.fullmatch(parse_account(EVM).caip10)


@pytest.mark.parametrize(
    ("text", "chain", "kind"),
    [
        ("", None, "NOT_AN_ADDRESS"),
        ("x", None, "NOT_AN_ADDRESS"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAM\u0397", None, "NOT_AN_ADDRESS"),
        ("\u200b1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", None, "NOT_AN_ADDRESS"),
        ("1" * 257, None, "NOT_AN_ADDRESS"),
        ("bitcoin:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", None, "NOT_AN_ADDRESS"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAM0", None, "NOT_AN_ADDRESS"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh", None, "BAD_CHECKSUM"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SA", None, "BAD_LENGTH"),
        ("D5gNLiUXcgjjr9A4GQoKaBrLRkFRWKSZKt", "BELA", "UNKNOWN_CHAIN"),
        ("QNE4UhQ5mF8HhBEQYijn7V6pT2mgKExQCy", "LTC", "TESTNET"),
        ("27bLJCYjbH6MT8DBF9xcrK6yZnm43vx7MNQ", "TRX", "TESTNET"),
        ("L5nJeqKmpHp4P7F8ZYyjwc5a7P4d8EabuGAzfGJk7yC1BJyzNaEd", None, "BAD_LENGTH"),
        ("addr1qxrlkh6yh0km5m5n7923syel0yqqvc3pjrnqrzrz3gwpxd70p", None, "BAD_CHECKSUM"),
        ("TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", "BTC", "WRONG_CHAIN"),
        (f"{BTC}:{EVM}", None, "WRONG_CHAIN"),
        (f"eip155:1:{EVM}", "eip155:56", "WRONG_CHAIN"),
        (f"xrpl:0:{XRP}", "eip155:*", "WRONG_CHAIN"),
        (EVM, "TRX", "WRONG_CHAIN"),
        (EVM, "BNB", "UNKNOWN_CHAIN"),
        (EVM, "eip155:01", "UNKNOWN_CHAIN"),
        (EVM, "eip155:11155111", "TESTNET"),
        (f"eip155:17000:{EVM}", None, "TESTNET"),
        ("tron:0x94a9059e:TNDzfERDpxLDS2w1q6yaFC7pzqaSQ3Bg3r", None, "TESTNET"),
        ("dogecoin:mainnet:D5gNLiUXcgjjr9A4GQoKaBrLRkFRWKSZKt", None, "UNKNOWN_CHAIN"),
        (EVM[:-1], None, "BAD_LENGTH"),
        (EVM[:-1] + "g", None, "NOT_AN_ADDRESS"),
        ("0X" + EVM[2:], None, "NOT_AN_ADDRESS"),
        (EVM[2:], "ETH", "NOT_AN_ADDRESS"),
        (EVM.replace("D", "d", 1), None, "BAD_CHECKSUM"),
        ("bc1q", None, "BAD_LENGTH"),
        (XRP[:-4], None, "BAD_LENGTH"),
        (XRP[:-1] + "Z", None, "BAD_CHECKSUM"),
        (f"{XRP}-4294967296", None, "NOT_AN_ADDRESS"),
        (f"{XRP}-007", None, "NOT_AN_ADDRESS"),
        (f"{XRP}-", None, "NOT_AN_ADDRESS"),
        ("r0000000000000000000000000", None, "NOT_AN_ADDRESS"),
        ("X" + "0" * 46, None, "NOT_AN_ADDRESS"),
        ("X" + "r" * 46, None, "BAD_CHECKSUM"),
        (STANDARD[:-1] + "n", None, "BAD_CHECKSUM"),
        ("0" + STANDARD[1:], None, "NOT_AN_ADDRESS"),
        ("z" * 95, None, "NOT_AN_ADDRESS"),
        ("UQCrT9wQSjIWfJIrWitT5dup79QzkHvKs8jWx_UOoKQlXvP-", None, "BAD_CHECKSUM"),
        ("UQCrT9wQSjIWfJIrWitT5dup79QzkHvKs8jWx_UOoKQlXvP/", None, "NOT_AN_ADDRESS"),
        (f"2:{'ab' * 32}", None, "NOT_AN_ADDRESS"),
    ],
)
def test_what_is_no_account_is_refused_for_its_reason(text: str, chain: str | None, kind: str) -> None:
    assert refusal(text, chain) == kind


def test_a_refusal_is_a_malformed_error_that_names_the_test_network_and_no_address() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_account("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7")

    assert str(caught.value) == "of a test network: Bitcoin testnet or signet"
    with pytest.raises(WalletError, match=r"^of a test network: Sepolia$"):
        parse_account(EVM, "eip155:11155111")


def test_a_solana_key_that_begins_like_a_segwit_address_is_a_solana_key() -> None:
    text = "bc1Q" + BITCOIN.encode(bytes(range(1, 33)))[-39:]

    assert parse_account(text).caip10 == f"{SOL}:{text}"


@pytest.mark.parametrize(
    ("prefix", "flag", "tag"),
    [
        (b"\x05\x44", 0, bytes([1]) + bytes(7)),
        (b"\x05\x44", 1, bytes(7) + bytes([1])),
        (b"\x05\x44", 2, bytes(8)),
        (b"\x05\x43", 0, bytes(8)),
    ],
)
def test_an_x_address_with_more_than_a_32_bit_tag_is_refused(prefix: bytes, flag: int, tag: bytes) -> None:
    text = x_address(prefix, flag, tag)

    assert text.startswith("X")
    assert refusal(text) == "NOT_AN_ADDRESS"


def test_monero_test_networks_relatives_wrong_sizes_and_false_keys_are_refused() -> None:
    payload = bytes.fromhex(
        "a95d2eb7e157f0a169df0a9c490dcd8e0feefb31bbf1328ca4938592a9d02422"
        "dc2a1b478b8cc0ee655324fb8299c8904f121ab113e4216fbad6fe6d000758f5"
    )

    assert monero(18, payload) == STANDARD
    assert parse_account(monero(42, payload)).checksum is Checksum.VALID
    assert refusal(monero(53, payload)) == "TESTNET"
    assert refusal(monero(25, payload + bytes(8))) == "TESTNET"
    assert refusal(monero(99, payload)) == "UNKNOWN_CHAIN"
    assert refusal(monero(19, payload)) == "BAD_LENGTH"
    assert refusal(monero(18, b"\x02" + bytes(31) + payload[32:])) == "NOT_AN_ADDRESS"
    assert refusal(monero(18, payload[:32] + b"\x02" + bytes(31))) == "NOT_AN_ADDRESS"


def test_an_integrated_address_keeps_its_payment_id_and_knows_its_account() -> None:
    account = parse_account(INTEGRATED)

    assert (account.address, account.tag, account.parent) == (INTEGRATED, "9a69fc3ca2eee2d9", f"{XMR}:{STANDARD}")


def test_a_ton_tag_or_workchain_that_does_not_exist_is_refused() -> None:
    def friendly(tag: int, workchain: int) -> str:
        data = bytes([tag, workchain]) + bytes(32)
        return base64.urlsafe_b64encode(data + binascii.crc_hqx(data, 0).to_bytes(2)).decode()

    assert parse_account(friendly(0x11, 0)).address == "0:" + "00" * 32
    assert refusal(friendly(0x11, 1)) == "NOT_AN_ADDRESS"
    assert refusal(friendly(0x13, 0)) == "NOT_AN_ADDRESS"
    assert refusal(friendly(0x91, 255)) == "TESTNET"
    assert refusal(friendly(0xD1, 0)) == "TESTNET"


def test_a_bare_evm_address_matches_every_evm_chain_and_no_other() -> None:
    bare, mainnet, polygon = (parse_account(EVM, chain) for chain in (None, "eip155:1", "eip155:137"))
    person, other = parse_account(f"eip155:0:{EVM}"), parse_account("0x" + "1" * 40)

    assert matches(bare, mainnet)
    assert matches(polygon, bare)
    assert matches(person, polygon)
    assert not matches(mainnet, polygon)
    assert not matches(bare, other)
    assert not matches(bare, parse_account(XRP))
    assert not matches(parse_account(XRP), bare)


def test_a_listed_account_covers_its_tags_and_a_listed_tag_only_itself() -> None:
    whole, tag, other = (parse_account(text) for text in (XRP, f"{XRP}-495", f"{XRP}-496"))

    assert matches(whole, tag)
    assert matches(tag, tag)
    assert not matches(tag, whole)
    assert not matches(tag, other)
    assert matches(parse_account(STANDARD), parse_account(INTEGRATED))


def test_whatever_matches_shares_a_lookup_key() -> None:
    texts = [EVM, f"eip155:1:{EVM}", f"eip155:0:{EVM}", f"eip155:137:{EVM}", XRP, f"{XRP}-1", STANDARD, INTEGRATED]
    accounts = [parse_account(text) for text in texts]
    pairs = [(listed, seen) for listed in accounts for seen in accounts if matches(listed, seen)]

    assert all(set(lookup_keys(listed)) & set(lookup_keys(seen)) for listed, seen in pairs)
    assert len(pairs) == 8 + 14 - 2
    assert lookup_keys(parse_account(EVM)) == (f"{EVM_ANY}:{EVM}",)
    assert lookup_keys(parse_account(EVM, "ETH")) == (f"eip155:1:{EVM}", f"{EVM_ANY}:{EVM}")
    assert lookup_keys(parse_account(f"{XRP}-1")) == (f"xrpl:0:{XRP}-1", f"xrpl:0:{XRP}")
    assert lookup_keys(parse_account(STANDARD)) == (f"{XMR}:{STANDARD}",)


def test_the_table_names_its_chains_and_every_spelling_in_it_resolves() -> None:
    first = "BTC LTC ETH TRX SOL XRP XMR TON BCH BSV BTG DASH DOGE XVG ZEC XLM DOT KSM ATOM BEP2 ADA ALGO XTZ EOS"
    assert " ".join(chain.symbols[0] for chain in CHAINS[:24]) == first
    unregistered = " ".join(chain.symbols[0] for chain in CHAINS[:24] if not chain.registered)
    assert unregistered == "TRX TON BSV BTG DASH XVG ZEC ADA"
    for chain in CHAINS:
        assert f"{chain.namespace}:{chain.reference}" == chain.caip2
        for spelling in (chain.caip2, *chain.symbols, *chain.aliases, chain.symbols[0].lower()):
            assert resolve_chain(f" {spelling} ") == chain.caip2
    assert resolve_chain("usdc") is None
    assert len({chain.caip2 for chain in CHAINS}) == len(CHAINS)
    spellings = [spelling for chain in CHAINS for spelling in {*chain.symbols, *chain.aliases}]
    assert len(set(spellings)) == len(spellings)


def test_every_test_network_is_refused_by_its_name() -> None:
    for caip2, name in TESTNETS.items():
        with pytest.raises(WalletError) as caught:
            resolve_chain(caip2)
        assert caught.value.kind is WalletErrorKind.TESTNET
        assert str(caught.value) == f"of a test network: {name}"


def test_base58check_is_sha_256_twice() -> None:
    assert checksum(b"").hex() == "5df6e0e2"


HASH = "AB" * 32
SIGNATURE = BITCOIN.encode(bytes(range(1, 65)))


@pytest.mark.parametrize(
    ("text", "chain", "caip"),
    [
        (HASH, "BTC", f"{BTC}:tx/{HASH.lower()}"),
        (f" {BTC}:tx/{HASH} ", None, f"{BTC}:tx/{HASH.lower()}"),
        (f"0x{HASH}", "eip155:137", f"eip155:137:tx/0x{HASH.lower()}"),
        (HASH.lower(), "XRP", f"xrpl:0:tx/{HASH}"),
        (SIGNATURE, "SOL", f"{SOL}:tx/{SIGNATURE}"),
        (HASH, "TON", f"ton:-239:tx/{HASH.lower()}"),
        ("q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=", "TON", f"ton:-239:tx/{HASH.lower()}"),
        (f"tvm:-239:tx/{HASH}", "TON", f"ton:-239:tx/{HASH.lower()}"),
    ],
)
def test_a_transaction_has_one_canonical_form(text: str, chain: str | None, caip: str) -> None:
    transaction = parse_transaction(text, chain)

    assert (transaction.caip, transaction.raw) == (caip, text)
    assert caip == f"{transaction.chain}:tx/{transaction.identifier}"
    assert parse_transaction(caip).caip == caip


@pytest.mark.parametrize(
    ("text", "chain", "kind"),
    [
        (HASH, None, "UNKNOWN_CHAIN"),
        (f"0x{HASH}", "eip155:*", "UNKNOWN_CHAIN"),
        (HASH, "USDT", "UNKNOWN_CHAIN"),
        (f"eip155:5:tx/0x{HASH}", None, "TESTNET"),
        (f"eip155:1:tx/0x{HASH}", "eip155:10", "WRONG_CHAIN"),
        (HASH, "ETH", "NOT_A_TRANSACTION"),
        (f"0x{HASH}", "BTC", "NOT_A_TRANSACTION"),
        (HASH[:-1], "LTC", "NOT_A_TRANSACTION"),
        (SIGNATURE[:70], "SOL", "NOT_A_TRANSACTION"),
        (HASH + "0", "SOL", "NOT_A_TRANSACTION"),
        ("a" * 300, "BTC", "NOT_A_TRANSACTION"),
    ],
)
def test_what_is_no_transaction_is_refused_for_its_reason(text: str, chain: str | None, kind: str) -> None:
    with pytest.raises(WalletError) as caught:
        parse_transaction(text, chain)
    assert caught.value.kind == kind


def test_an_account_cannot_be_changed() -> None:
    account = parse_account(XRP)

    with pytest.raises(AttributeError):
        account.address = "r"  # type: ignore[misc]
    assert account == Account(f"xrpl:0:{XRP}", "xrpl:0", XRP, XRP, Checksum.VALID)
