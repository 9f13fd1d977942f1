"""Accounts: one canonical CAIP-10 form for every spelling of a wallet, with the spelling as received beside it.

Canonical forms, where a chain leaves a choice:

* EVM: EIP-55 case, as the profile of `eip155` asks producers to write. A bare 0x address has the chain `eip155:*`.
* Segwit and other bech32: lower case. Bitcoin Cash: CashAddr without its prefix, also for its old 1… and 3….
* XRP Ledger: the classic address; a destination tag follows as `-<tag>`, as the profile of `xrpl` writes it. Most
  tagged addresses are customers of one exchange, so that the tag is part of who is meant.
* Stellar: upper case; a memo follows as `-<memo>`, and a muxed account stays one, each with its `parent`.
* Monero: as received. An integrated address stays one, with the account it belongs to as `parent`.
* TON: the raw form `<workchain>:<digits>`. The user-friendly form says how to send (bounceable or not), in two
  alphabets, so one account has four of them; the raw form is the account itself and the only one that is unique.
  CAIP-10 allows neither `:` nor `_` in an address: the colon is written `%3A` there.

Never does: put a wrong checksum right, keep anything, ask a network.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from comity.wallets.chains import EVM_ACCOUNT, EVM_ANY, EVM_PREFIX, resolve_caip2, resolve_chain
from comity.wallets.coins import other_names
from comity.wallets.errors import WalletError, WalletErrorKind
from comity.wallets.readers import read
from comity.wallets.reading import Checksum

MAX_TEXT = 256
"""Greatest length of a text, in characters, white space around it not counted. CAIP-10 needs 170."""

_CAIP10 = re.compile(r"([-a-z0-9]{3,8}:(?:[-_a-zA-Z0-9]{1,32}|\*)):(.+)")


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a chain."""

    caip10: str
    """Canonical CAIP-10, for comparing and storing. Parsing it gives itself."""
    chain: str
    """CAIP-2, or `eip155:*` for a bare 0x address."""
    address: str
    """Canonical address as the chain's own tools take it, without a tag."""
    raw: str
    """The text as received, untouched."""
    checksum: Checksum
    """What the checksum in `raw` said."""
    tag: str | None = None
    """Destination tag (XRP Ledger), payment id (Monero) or memo (Stellar)."""
    parent: str | None = None
    """Canonical CAIP-10 of the whole account, where `tag` names a part of it."""


def _settle(found: str, named: str | None) -> str:
    if named is None or found == named:
        return found
    if found == EVM_ANY and named.startswith(EVM_PREFIX):
        return named
    raise WalletError(WalletErrorKind.WRONG_CHAIN, "an address of another chain than the one named")


def parse_account(text: str, chain: str | None = None) -> Account:
    """Parses an account.

    A bare address belongs to the chain that its shape, length and version byte say (`comity.wallets.readers`); what
    `chain` names must agree and does not change the result, except where chains share a form: it makes a 0x address one
    of that EVM chain, a 3… address one of Litecoin, and so on (`comity.wallets.coins`).

    Args:
        text: CAIP-10, or an address; white space around it does not count.
        chain: CAIP-2, an asset symbol or a chain's name (`resolve_chain`). None where none was given.

    Returns:
        The account, with `text` as `raw`.

    Raises:
        WalletError: the only error, with the kind; its message is constant text.
    """
    named = None if chain is None else resolve_chain(chain)
    body = text.strip()
    if not body.isascii() or len(body) > MAX_TEXT:
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "not ASCII, or longer than any address")
    if ":" in body and (caip := _CAIP10.fullmatch(body)):
        prefix, body = resolve_caip2(caip[1]), caip[2]
        named = _settle(named, prefix) if named == EVM_ANY else _settle(prefix, named)
    reading = read(body, named)
    found = _settle(reading.chain, named)
    return Account(
        f"{found}:{reading.local or reading.address}",
        found,
        reading.address,
        text,
        reading.checksum,
        reading.tag,
        None if reading.parent is None else f"{found}:{reading.parent}",
    )


def other_readings(account: Account) -> tuple[Account, ...]:
    """Returns what else a text may have meant: the same bytes on chains that share the form, had they been named.

    Args:
        account: read without a chain named.
    """
    found = []
    for chain in () if ":" in account.raw else other_names(account.chain):
        with contextlib.suppress(WalletError):
            found.append(parse_account(account.raw, chain))
    return tuple(found)


def _is_every_evm(chain: str) -> bool:
    return chain in (EVM_ANY, EVM_ACCOUNT)


def matches(listed: Account, seen: Account) -> bool:
    """Tells whether an account that was listed covers one that was seen.

    The same canonical form does. So does the same 0x address where either side names no chain (`eip155:*`,
    `eip155:0`), and a whole account that was listed covers each of its tags; a listed tag covers only itself.

    Args:
        listed: from a watchlist or a request.
        seen: from a transaction or a customer's file.
    """
    if _is_every_evm(listed.chain) or _is_every_evm(seen.chain):
        both = listed.chain.startswith(EVM_PREFIX) and seen.chain.startswith(EVM_PREFIX)
        return both and listed.address == seen.address
    return listed.caip10 in (seen.caip10, seen.parent)


def lookup_keys(account: Account) -> tuple[str, ...]:
    """Returns the keys under which a store finds an account, the canonical form first.

    A store keeps an entry under each of its keys, asks for each key of what it looks for, and lets `matches` decide on
    what comes back: two EVM chains share the key of the bare address without being the same account.
    """
    keys = [account.caip10]
    if account.chain.startswith(EVM_PREFIX):
        keys.append(f"{EVM_ANY}:{account.address}")
    elif account.parent is not None:
        keys.append(account.parent)
    return tuple(dict.fromkeys(keys))
