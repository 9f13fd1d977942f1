"""Entries of a watchlist: their ids, what they must hold, and the keys they are found under.

An entry is one giver's assertion about one account or transaction. Its id is derived from who says what about which
wallet, so that assertions of differing givers and categories stand side by side and none overwrites another.

Never does: keep entries, read a clock, put an address into an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from comity.encoding import Purpose, check_text, digest_framed, framed, parse
from comity.errors import MalformedError
from comity.payload_rules import LATEST_TIME, Gap, field_gaps
from comity.payload_watchlists import handling_gaps
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import EVM_ANY, Account, WalletError, parse_account, parse_transaction
from comity.wallets.chains import EVM_PREFIX

ID_BYTES: Final = 16
"""Length of an entry id, of a list id and of a change set's id, in bytes."""
MAX_VALIDITY: Final = 3653 * 86_400_000
"""Ten years: longest time that an entry may hold, in milliseconds. Nothing is listed for ever."""
MAX_RECORD_BYTES: Final = 64 << 10
"""Greatest length of a serialised record, in bytes."""


def _prefix(length: int) -> bytes:
    """Returns tag and length of an item of `WatchRecords.records`: field 1, a varint."""
    found = bytearray(b"\x0a")
    while length > 127:
        found.append(length & 127 | 128)
        length >>= 7
    found.append(length)
    return bytes(found)


_PREFIXED: Final = 2048
_PREFIXES: Final = tuple(_prefix(length) for length in range(_PREFIXED))
UNSPECIFIED_CATEGORY: Final = "unspecified"
"""Category of an assertion whose giver names none."""

_ASSET_LIMIT, _GIVER_LIMIT = 20, 100
TEXT_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "as_received": 256,
        "asset": _ASSET_LIMIT,
        "label": 200,
        "actor": 200,
        "giver": _GIVER_LIMIT,
        "source_url": 500,
        "why": 500,
        "account": 256,
        "transaction": 256,
    }
)
"""Longest texts, in bytes."""
_SHORT: Final = 200
_CATEGORY = re.compile(r"[a-z0-9_]{1,64}")
LAST_ACTION: Final = payload_pb2.WATCH_ACTION_BLOCK
"""The greatest number of an action."""
LAST_CONFIDENCE: Final = payload_pb2.CONFIDENCE_KIND_OFFICIAL
"""The greatest number of a kind of confidence."""


def entry_id(entry: pb.WatchEntry) -> bytes:
    """Returns an entry's id, 16 bytes: the same for the same account or transaction, giver and category."""
    subject = framed((entry.account or entry.transaction).encode())
    return digest_framed(Purpose.WATCHLIST_ENTRY, subject, _assertion(entry.giver, entry.category))[:ID_BYTES]


@lru_cache(1024)
def _assertion(giver: str, category: str) -> bytes:
    return framed(giver.encode()) + framed(category.encode())


def screening_key(account: str) -> str:
    """Returns the one key that an entry is found under.

    Args:
        account: canonical CAIP-10. An EVM account is found under its bare address, whichever chain the entry names;
            `comity.wallets.matches` decides on what is found.
    """
    if not account.startswith(EVM_PREFIX):
        return account
    return f"{EVM_ANY}:{account.rpartition(':')[2]}"


def seen_keys(account: Account) -> tuple[str, ...]:
    """Returns what to ask for when an account is screened: its own key, and that of the account it is a part of."""
    own = screening_key(account.caip10)
    return (own,) if account.parent is None else (own, screening_key(account.parent))


@lru_cache(1024)
def is_category(category: str) -> bool:
    """Returns whether a text is a concept: 1 to 64 of a to z, 0 to 9 and _."""
    return _CATEGORY.fullmatch(category) is not None


def entry_gaps(entry: pb.WatchEntry) -> list[Gap]:
    """Returns everything that is missing or wrong in an entry, empty where it is complete. Paths name its fields."""
    return list(_gaps(entry))


def _gaps(entry: pb.WatchEntry) -> Iterator[Gap]:
    yield from _subject(entry)
    for name, limit in TEXT_LIMITS.items():
        problem = _text_problem(getattr(entry, name), limit)
        if problem:
            yield Gap(name, problem)
    if not entry.giver.strip():
        yield Gap("giver", "is missing")
    if not is_category(entry.category):
        yield Gap("category", "is not a concept: 1 to 64 of a to z, 0 to 9 and _")
    yield from _judgement(entry)
    yield from _times(entry)
    if not entry.version:
        yield Gap("version", "is missing")
    if entry.HasField("handling"):
        yield from _handling_gaps(entry)


def _handling_gaps(entry: pb.WatchEntry) -> Iterator[Gap]:
    yield from field_gaps(entry.handling, "handling")
    yield from handling_gaps(entry.handling, "handling")


def _text_problem(text: str, limit: int) -> str:
    if not text:
        return ""
    if not text.strip():
        return "is blank"
    try:
        check_text(text, limit)
    except MalformedError as error:
        return str(error)
    return ""


def _judgement(entry: pb.WatchEntry) -> Iterator[Gap]:
    if not 0 < entry.confidence <= LAST_CONFIDENCE:
        yield Gap("confidence", "is missing, or none of the list")
    if not 1 <= entry.confidence_level <= 100:
        yield Gap("confidence_level", "is not 1 to 100")
    elif entry.confidence == payload_pb2.CONFIDENCE_KIND_UNKNOWN and entry.confidence_level != 1:
        yield Gap("confidence_level", "is above the lowest, and the confidence is not known")
    if not 0 < entry.action <= LAST_ACTION:
        yield Gap("action", "is missing, or none of the list")


def _times(entry: pb.WatchEntry) -> Iterator[Gap]:
    if not 0 < entry.valid_from <= LATEST_TIME:
        yield Gap("valid_from", "is missing, or no time")
    if not entry.valid_from < entry.valid_until <= min(entry.valid_from + MAX_VALIDITY, LATEST_TIME):
        yield Gap("valid_until", "is missing, not after the beginning, or more than ten years after it")
    if not 0 <= entry.review_at <= LATEST_TIME:
        yield Gap("review_at", "is no time")


def _subject(entry: pb.WatchEntry) -> Iterator[Gap]:
    if bool(entry.account) == bool(entry.transaction):
        yield Gap("account", "stands, or a transaction, and not both")
        return
    path = "account" if entry.account else "transaction"
    try:
        canonical, chain = _canonical(entry, entry.account or entry.transaction, None)
    except WalletError:
        canonical, chain = "", ""
    if not canonical or canonical != (entry.account or entry.transaction):
        yield Gap(path, "is not in canonical form")
        return
    if not entry.as_received:
        return
    try:
        same = _canonical(entry, entry.as_received, chain)[0] == canonical
    except WalletError:
        same = False
    if not same or canonical == f"{chain}:{'' if entry.account else 'tx/'}{entry.as_received}":
        yield Gap("as_received", "is of another wallet, or says nothing that the canonical form does not")


def _canonical(entry: pb.WatchEntry, text: str, chain: str | None) -> tuple[str, str]:
    if entry.account:
        account = parse_account(text, chain)
        return account.caip10, account.chain
    transaction = parse_transaction(text, chain)
    return transaction.caip, transaction.chain


def parse_record(data: bytes, *, checked: bool = True) -> pb.WatchRecord:
    """Parses a record.

    Args:
        data: as it is kept or travelled.
        checked: False where the signed chain vouches for the content (a snapshot whose digest is still compared): then
            only the form is looked at, and neither text nor checksum of an address.

    Raises:
        MalformedError: it is none, or breaks a rule.
    """
    record = parse(pb.WatchRecord, data, MAX_RECORD_BYTES)
    _check_record(record, len(data))
    if checked and entry_gaps(record.entry):
        raise MalformedError("a record's entry is not complete")
    return record


def read_records(frames: Sequence[bytes]) -> Sequence[pb.WatchRecord]:
    """Does what `parse_record` does with `checked=False`, for many records at once.

    A snapshot has a million. Parsing and serialising again take half the time where the library does it for all of
    them in one call: side by side they are canonical exactly if each of them is.

    Args:
        frames: records, none longer than `MAX_RECORD_BYTES`.

    Raises:
        MalformedError: one is none, or breaks a rule of form.
    """
    data = b"".join(map(_as_item, frames))
    records = parse(pb.WatchRecords, data, len(data)).records
    for record, frame in zip(records, frames, strict=True):
        _check_record(record, len(frame))
    return records


def records_of(entries: Sequence[bytes]) -> tuple[list[bytes], Sequence[pb.WatchRecord]]:
    """Returns the records that hold an entry each and nothing else, serialised and as messages.

    Args:
        entries: in canonical form: as they travelled in something that was parsed.
    """
    records = [_as_item(entry) for entry in entries]
    return records, pb.WatchRecords.FromString(b"".join(map(_as_item, records))).records


def _as_item(data: bytes) -> bytes:
    """Returns bytes as the field of number 1: an entry in its record, a record among others."""
    size = len(data)
    return (_PREFIXES[size] if size < _PREFIXED else _prefix(size)) + data


def _check_record(record: pb.WatchRecord, size: int) -> None:
    set_id, until = record.set_id, record.provisional_until
    if (set_id or until) and (len(set_id) != ID_BYTES or not 0 < until <= LATEST_TIME):
        raise MalformedError("a record is provisional with its change set and a time, or not at all")
    if not in_form(record.entry, size):
        raise MalformedError("a record's entry is not complete")


def in_form(entry: pb.WatchEntry, size: int) -> bool:
    """Returns whether an entry has what it must, in the lengths that it may; says nothing about the content.

    Args:
        entry: of a record.
        size: of the record. Where it is small no text but the two shortest can be too long: a million records are read.
    """
    return (
        bool(entry.account) != bool(entry.transaction)
        and 0 < len(entry.giver) <= _GIVER_LIMIT
        and len(entry.asset) <= _ASSET_LIMIT
        and is_category(entry.category)
        and 0 < entry.confidence <= LAST_CONFIDENCE
        and 0 < entry.confidence_level <= 100
        and 0 < entry.action <= LAST_ACTION
        and 0 < entry.valid_from < entry.valid_until <= LATEST_TIME
        and entry.version > 0
        and not (entry.HasField("handling") and any(_handling_gaps(entry)))
        and (size <= _SHORT or all(len(getattr(entry, name)) <= limit for name, limit in TEXT_LIMITS.items()))
    )
