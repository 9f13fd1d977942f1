"""Screening: whether a wallet is listed, who says so, and whether anybody may call it clear.

Reads the local store alone, so that it works while the hub is away. Nothing is clear while a list that is followed is
older than the limit, has not come yet, or is known to lack something; while a list that somebody here must follow is
not followed; or while no list is held at all. A text that is no address is never clear. Each call is answered out of
one moment of the store.

An EVM account that is listed on one chain is found on every chain: the same key signs on all of them. The assertion
names the account as it is listed.

Never does: write, ask a network, decide what a person does about a hit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress
from typing import Final

from comity.handling import Handling
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import WalletError, other_readings, parse_account, parse_transaction
from comity.wallets.errors import WalletErrorKind
from comity.wallets.sifting import canonical, sort_out
from comity.watchlists.entries import seen_keys
from comity.watchlists.states import EntryState, is_effective

from agents.sync.screening import handled
from agents.sync.screening.index import KeyIndex
from agents.sync.screening.lists import ASKED, ListKey, ListStatus, ListTerms, WatchedList
from agents.sync.screening.reading import Found, ScreeningReader

MAX_AGE_MS: Final = 3_600_000
"""Age of a list's newest batch from which nothing is called clear, unless configured otherwise: four heartbeats."""
AHEAD_MS: Final = 600_000
"""A batch may be so far ahead of the own clock. More means that a clock is wrong, and age says nothing."""
MOST_ASSERTIONS: Final = 256
"""So many are told of one wallet, the gravest; the rest is counted."""
UNREADABLE: Final = "UNREADABLE_ROW"
"""Problem of a question that did not come whole."""
_NO_ACCOUNT: Final = frozenset({WalletErrorKind.NOT_AN_ADDRESS, WalletErrorKind.BAD_LENGTH})


class Verdict(StrEnum):
    """What screening found, from the gravest."""

    HIT = "HIT"
    """At least one assertion is in force."""
    INVALID = "INVALID"
    """No address, or its checksum is wrong: nobody can say that it is clear."""
    STALE = "STALE"
    """Nothing was found, but a list is older than the limit, or none is held: it cannot be called clear."""
    CLEAR = "CLEAR"
    """No list that is held says anything in force about it."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question."""

    address: str
    """In any spelling, or CAIP-10; a transaction as `<CAIP-2>:tx/<id>`, or bare with its chain."""
    chain: str = ""
    """CAIP-2, an asset symbol or a chain's name; empty where not known."""
    reference: str = ""
    """The caller's own, given back."""
    broken: bool = False
    """Whether what it was read from is no sound record: it is INVALID, whatever the address looks like."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What one giver says in one list."""

    held: WatchedList
    """The list, as it is held."""
    entry_id: bytes
    """The entry, 16 bytes."""
    entry: pb.WatchEntry
    """What it says. `why` is the owner's own reference and not for callers."""
    state: EntryState
    """How it stands now, by the own clock."""
    handling: Handling
    """What may be done with it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One answer."""

    query: Query
    """What was asked."""
    verdict: Verdict
    """What was found."""
    account: str = ""
    """Canonical account or transaction; empty where the text is neither."""
    problem: str = ""
    """Why it is neither: a `WalletErrorKind`, or `UNREADABLE`."""
    assertions: tuple[Assertion, ...] = ()
    """What is said about it, in force or not; at most `MOST_ASSERTIONS`."""
    left_out: int = 0
    """How much more is said about it."""
    discreet: bool = False
    """Whether nobody outside may notice that it is listed: do not tip off."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old a list is."""

    held: WatchedList
    """The list."""
    age_ms: int
    """Since its newest batch, by the own clock; 0 or less where none is here or its time is yet to come."""
    stale: bool
    """Whether it keeps anything from being called clear."""


@dataclass(frozen=True, slots=True)
class Screening:
    """The answers to one request, of one moment."""

    results: tuple[Result, ...]
    """One a query, in the same order."""
    lists: tuple[Age, ...]
    """The lists that were asked, and those that should have been."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the answers of one call have in common."""

    ages: tuple[Age, ...]
    clean: Verdict
    """The verdict on what is sound and not listed."""
    now: int
    said: dict[tuple[str, ...], tuple[bool, tuple[Assertion, ...], int, bool]]
    """Found under some keys: whether it is in force, the assertions, how many more, whether one is discreet."""


class Screener:
    """Screens against the store of one agency. Not to be used by two threads at once."""

    def __init__(
        self,
        reader: ScreeningReader,
        *,
        max_age_ms: int | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        in_memory: bool = True,
    ) -> None:
        """Takes the store and the limit.

        Args:
            reader: a connection that nobody else uses.
            max_age_ms: age from which nothing is clear, where a list's terms set no other; None for what the agent
                that keeps the store was set to, `MAX_AGE_MS` before it has said.
            clock: Unix milliseconds UTC.
            in_memory: False to ask the store for every key, which begins sooner and pays for a few questions only.
        """
        self._reader = reader
        self._max_age_ms = max_age_ms
        self._clock = clock
        self._index = KeyIndex(reader) if in_memory else None

    def screen(self, queries: Iterable[Query]) -> Screening:
        """Answers in full.

        Args:
            queries: some thousands at most; more are better asked in portions.
        """
        with self._reader.at_once():
            return self._screen(list(queries), self._moment())

    def _screen(self, asked: Sequence[Query], moment: _Moment) -> Screening:
        accounts = self._surely_not_listed(asked)
        results = tuple(
            Result(query, moment.clean, account) if account else self._result(query, moment)
            for query, account in zip(asked, accounts, strict=True)
        )
        return Screening(results, moment.ages)

    def _surely_not_listed(self, queries: Sequence[Query]) -> list[str]:
        """Returns the canonical account of each text that is plainly sound and surely not listed; empty for others."""
        if self._index is None:
            return [""] * len(queries)
        texts = ["" if query.chain.strip() or query.broken else query.address for query in queries]
        accounts = [""] * len(texts)
        sound, _ = sort_out(texts)
        for form in sound:
            clear = bytearray(b"\1") * len(form.places)
            for row in self._index.places_under(form.prefix, form.addresses):
                clear[row] = 0
            for place, address in compress(zip(form.places, form.addresses, strict=True), clear):
                accounts[place] = canonical(texts[place], form.prefix + address.decode())
        return accounts

    def verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        """Says of each text what `screen` says of it, without the reasons: for streams of which next to all is clear.

        What is sound and surely not listed is told in bulk; the rest is screened in full.

        Args:
            texts: addresses as received, without a chain.
        """
        with self._reader.at_once():
            moment = self._moment()
            verdicts = [moment.clean] * len(texts)
            for place in self._open_places(texts):
                verdicts[place] = self._verdict(Query(texts[place]), moment)
        return verdicts

    def _open_places(self, texts: Sequence[str]) -> Sequence[int]:
        """Returns the places of the texts that are not plainly sound, or may be listed."""
        if self._index is None:
            return range(len(texts))
        sound, places = sort_out(texts)
        for form in sound:
            places += [form.places[row] for row in self._index.places_under(form.prefix, form.addresses)]
        return places

    def unlisted(self, texts: Sequence[str]) -> list[Verdict | None]:
        """Returns the verdict on each text that is sound and surely not listed; None for every other.

        What is CLEAR here has nothing said about it at all, not even something that is suspended.

        Args:
            texts: addresses as received, without a chain.
        """
        if self._index is None:
            return [None] * len(texts)
        with self._reader.at_once():
            verdicts: list[Verdict | None] = [self._moment().clean] * len(texts)
            for place in self._open_places(texts):
                verdicts[place] = None
        return verdicts

    def listed(self, keys: Sequence[str]) -> list[bool]:
        """Says of each canonical screening key whether any record is kept under it, in force or not.

        Args:
            keys: of `comity.watchlists.screening_key`.
        """
        with self._reader.at_once():
            self._moment()
            places = range(len(keys)) if self._index is None else self._index.places(keys)
            kept = self._reader.kept([keys[place] for place in places])
        held = [False] * len(keys)
        for place in places:
            held[place] = keys[place] in kept
        return held

    def lists(self) -> tuple[Age, ...]:
        """Returns the lists that are asked, or should be, and how old they are."""
        with self._reader.at_once():
            return self._ages(self._reader.lists(), self._clock())

    def _moment(self) -> _Moment:
        """Begins a call, within one reading of the store.

        The first read settles the moment that all of it is of, so the lists come before the keys in memory: keys that
        were older than the lists would call clear what a batch between the two has listed.
        """
        lists = self._reader.lists()
        if self._index is not None:
            self._index.refresh()
        now = self._clock()
        ages = self._ages(lists, now)
        stale = not ages or any(age.stale for age in ages)
        return _Moment(ages, Verdict.STALE if stale else Verdict.CLEAR, now, {})

    def _ages(self, lists: Sequence[WatchedList], now: int) -> tuple[Age, ...]:
        limit = self._max_age_ms or self._reader.max_age_ms() or MAX_AGE_MS
        wanted = {key: _absent(key) for key in self._reader.wanted()}
        known = {held.key: held for held in lists if held.status in ASKED or held.key in wanted}
        return tuple(_age_of(held, now, limit) for _, held in sorted((wanted | known).items()))

    def _result(self, query: Query, moment: _Moment) -> Result:
        if query.broken:
            return Result(query, Verdict.INVALID, problem=UNREADABLE)
        try:
            account, keys = _keys_of(query)
        except WalletError as error:
            return Result(query, Verdict.INVALID, problem=error.kind.value)
        hit, assertions, left_out, discreet = self._known(keys, moment)
        return Result(query, Verdict.HIT if hit else moment.clean, account, "", assertions, left_out, discreet)

    def _verdict(self, query: Query, moment: _Moment) -> Verdict:
        """Returns the verdict of `_result`."""
        try:
            _, keys = _keys_of(query)
        except WalletError:
            return Verdict.INVALID
        if self._index is not None and not self._index.places(keys):
            return moment.clean
        return Verdict.HIT if self._known(keys, moment)[0] else moment.clean

    def _known(self, keys: tuple[str, ...], moment: _Moment) -> tuple[bool, tuple[Assertion, ...], int, bool]:
        said = moment.said.get(keys)
        if said is None:
            said = moment.said[keys] = self._said(keys, moment)
        return said

    def _said(self, keys: tuple[str, ...], moment: _Moment) -> tuple[bool, tuple[Assertion, ...], int, bool]:
        lists = {age.held.key: age.held for age in moment.ages}
        found = [
            Assertion(
                held, one.entry_id, one.record.entry, is_effective(one.record, moment.now), self._handling(held, one)
            )
            for key in keys
            for one in self._found(key)
            if (held := lists.get(one.key)) is not None
        ]
        hit = any(one.state is EntryState.ACTIVE for one in found)
        discreet = any(one.entry.discreet for one in found)
        left_out = max(0, len(found) - MOST_ASSERTIONS)
        if left_out:
            found.sort(key=lambda one: (one.state is not EntryState.ACTIVE, -one.entry.action))
            del found[MOST_ASSERTIONS:]
        return hit, tuple(found), left_out, discreet

    def _found(self, key: str) -> list[Found]:
        if self._index is not None and not self._index.places([key]):
            return []
        return self._reader.found(key)

    @staticmethod
    def _handling(held: WatchedList, found: Found) -> Handling:
        return handled.of_entry(handled.of_list(held.terms.handling), found.record.entry)


def _age_of(held: WatchedList, now: int, limit_ms: int) -> Age:
    if not held.generation:
        return Age(held, 0, stale=True)
    age = now - held.batch_time
    current = held.status in (ListStatus.CURRENT, ListStatus.LAGGING) and not held.is_missing
    return Age(held, age, not current or not -AHEAD_MS <= age <= (held.terms.max_age_ms or limit_ms))


def _keys_of(query: Query) -> tuple[str, tuple[str, ...]]:
    """Returns the canonical form of what is asked about, and the keys it may be listed under.

    Raises:
        WalletError: neither account nor transaction.
    """
    chain = query.chain.strip() or None
    try:
        account = parse_account(query.address, chain)
    except WalletError as error:
        if error.kind not in _NO_ACCOUNT or (chain is None and ":tx/" not in query.address):
            raise
        try:
            transaction = parse_transaction(query.address, chain)
        except WalletError:
            raise error from None
        return transaction.caip, (transaction.caip,)
    keys = seen_keys(account)
    if chain is None:
        # Nobody has said which of several chains is meant. The keys in memory hold this form of such a record, too.
        for other in other_readings(account):
            keys = (*keys, *seen_keys(other))
    return account.caip10, keys


def _absent(key: ListKey) -> WatchedList:
    """Returns a list that somebody here must follow and of which nothing is known."""
    return WatchedList(key, ListTerms("", 0, b"", b""), ListStatus.OFFERED, 0, 0, b"", 0, 0, 0, 0)
