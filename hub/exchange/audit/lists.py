"""Compares what is kept of watchlists with the envelopes that showed it, page by page, each page one moment.

Each head that is kept must follow the one before it and be shown by the envelope at its leaf; each envelope that is not
erased must be kept as it says, unless it is older than what is kept; each subscription carries one list. Of what was
erased there is left who sent it and with which verb.

Never does: repair, hold a list in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from comity.header import WatchlistPosition, parse_header
from comity.workflow.terms import Family, Verb

from hub.exchange.audit import store as rows
from hub.exchange.lists import WINDOW
from hub.log import store as log
from hub.log.domain import LogName
from hub.log.fsck import Finding, Reader

PAGE: Final = 512
_SHOWS: Final = frozenset({int(Verb.PUBLISH), int(Verb.SNAPSHOT)})


class ListCheck:
    """One pass over every list and every envelope that stands in one."""

    def __init__(self, db: Reader, page: int = PAGE) -> None:
        """Takes the database and the size of a page."""
        self._db, self._page = db, page
        self.findings: list[Finding] = []
        self.judged = 0
        """Heads that were compared with what came before them and with their envelope."""
        self._before: Any = None

    def steps(self) -> Iterator[None]:
        """Checks one page after another; the caller may pause in between."""
        if not self._db.read_now(rows.keeps_lists):
            return  # at the schema of before no list is carried
        after: Any = ("", b"", 0)
        while after is not None:
            after = self._db.read_now(lambda c, after=after: self._chain(c, after), snapshot=True)  # type: ignore[misc] # defaults bind the loop's values
            yield
        size = self._db.read_now(lambda c: log.read_state(c, LogName.EXCHANGE).size)
        for start in range(0, size, self._page):
            self._db.read_now(lambda c, start=start: self._envelopes(c, start), snapshot=True)  # type: ignore[misc] # see above
            yield
        after = ("", b"", "")
        while after is not None:
            after = self._db.read_now(lambda c, after=after: self._legs(c, after), snapshot=True)  # type: ignore[misc] # see above
            yield

    def _find(self, index: int, what: str, table: str = "watchlist_batches") -> None:
        self.findings.append(Finding(LogName.EXCHANGE, index, what, table))

    # What is kept: does each head follow, and did its envelope show it?

    def _chain(self, connection: Any, after: tuple[str, bytes, int]) -> tuple[str, bytes, int] | None:
        """Checks a page; returns the last key on it, or None at the end."""
        found = rows.list_batches(connection, after, self._page)
        for row in found:
            self.judged += 1
            if not _is_shown_by(row):
                self._find(row.idx, "a head is kept that no envelope showed at its leaf")
            if not self._follows(row):
                self._find(row.idx, "the head that it showed first does not follow the one before in its list")
            self._before = row
        return (found[-1].owner, bytes(found[-1].list_id), found[-1].sequence) if found else None

    def _follows(self, row: Any) -> bool:
        before = self._before
        if before is None or (before.owner, bytes(before.list_id)) != (row.owner, bytes(row.list_id)):
            # The first that is kept: the first of all, where the owner let others in, or where older ones went.
            return bool(row.sequence in (1, row.newest - WINDOW + 1) or row.verb == Verb.SNAPSHOT)
        if before.idx >= row.idx:
            return False
        if row.sequence == before.sequence + 1:
            return bytes(row.previous_head) == bytes(before.head)
        return bool(row.verb == Verb.SNAPSHOT)

    # What was shown: is it kept?

    def _envelopes(self, connection: Any, start: int) -> None:
        for row in rows.placed(connection, start, start + self._page):
            place = parse_header(row.header).watchlist
            if place is None:
                continue  # another verb than the header's was found before
            newest, kept = rows.list_batch(connection, row.sender, place.list_id, place.sequence)
            if kept is None:
                if place.sequence > newest - WINDOW:
                    self._find(row.idx, "the head that it showed is not kept")
            elif not _is_same(kept, place):
                self._find(row.idx, "another head is kept than the one that it showed")
            elif kept.idx > row.idx:
                self._find(row.idx, "the head that it showed is kept as a later envelope's")
            for desk in row.recipients.splitlines():
                if desk != row.sender:
                    carried = rows.list_of_leg(connection, row.sender, bytes(row.case_id), desk)
                    if carried != place.list_id:
                        self._find(row.idx, "its subscription is not kept as one to its list", "watchlist_legs")

    def _legs(self, connection: Any, after: tuple[str, bytes, str]) -> tuple[str, bytes, str] | None:
        """Checks a page; returns the last key on it, or None at the end."""
        found = rows.list_legs(connection, after, self._page)
        for row in found:
            if row.family != Family.WATCHLIST:
                self._find(0, "a list is carried by a subscription that is not there", "watchlist_legs")
        return (found[-1].originator, bytes(found[-1].case_id), found[-1].recipient) if found else None


def _is_shown_by(row: Any) -> bool:
    """Returns whether the envelope at a row's leaf says what the row says, as far as it can be read."""
    if row.family != Family.WATCHLIST or row.verb not in _SHOWS or row.sender not in (row.owner, ""):
        return False
    if row.header is None:
        return True
    place = parse_header(row.header).watchlist
    return place is not None and place.list_id == bytes(row.list_id) and _is_same(row, place)


def _is_same(kept: Any, place: WatchlistPosition) -> bool:
    return (kept.sequence, bytes(kept.previous_head), bytes(kept.head)) == (
        place.sequence,
        place.previous_head,
        place.head,
    )
