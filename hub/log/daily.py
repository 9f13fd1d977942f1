"""How many directory statements each agency made in the last 24 hours, counted from the directory log itself.

Every client replays every statement for ever, so what one agency may add is bounded. The count survives a restart and
is the same in every process, because the log is all it is made of. A statement counts for each agency whose chain it
stands in. Operators' own statements do not count: two people sign each. Neither do revocations and disputes: a thief
who uses up an agency's day must not keep the agency from ending the stolen key, and each key is revoked but once.

Never does: clocks. Used on one thread at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from comity.directory import SignedStatement, parse_entry, parse_statement
from comity.errors import Reason, RefusedError
from comity.names import HUB

from hub.log import store
from hub.log.domain import LogName

DAY_SECONDS: Final = 86_400
_EXEMPT: Final = frozenset({"revoked", "key_disputed"})
_PAGE: Final = 256


class StatementsLately:
    """Counts statements and refuses too many."""

    def __init__(self, most: int) -> None:
        """Takes how many statements one agency may make in any 24 hours."""
        self._most = most
        self._next: int | None = None
        self._times: dict[str, deque[int]] = {}

    def follow(self, connection: Any, times: Sequence[int], now: int) -> None:
        """Reads on.

        Args:
            connection: to read on.
            times: of each entry of the directory as it stands, Unix seconds.
            now: Unix seconds.
        """
        begins = now - DAY_SECONDS + 1
        at = max(bisect_left(times, begins), self._next or 0)
        while at < len(times):
            entries = store.read_leaves(connection, LogName.DIRECTORY, at, min(_PAGE, len(times) - at))
            if not entries:
                break
            for entry in entries:
                for agency in _counted([parse_statement(parse_entry(entry)[1])]):
                    self._times.setdefault(agency, deque()).append(times[at])
                at += 1
        self._next = at
        for agency in [agency for agency, made in self._times.items() if made[0] < begins]:
            made = self._times[agency]
            while made and made[0] < begins:
                made.popleft()
            if not made:
                del self._times[agency]

    def check(self, statements: Iterable[SignedStatement], now: int) -> None:
        """Refuses statements that would be too many for an agency.

        Raises:
            RefusedError: QUOTA, with `retry_after_seconds`.
        """
        for agency, count in _counted(statements).items():
            made = self._times.get(agency, ())
            over = len(made) + count - self._most
            if over > 0:
                wait = made[over - 1] + DAY_SECONDS - now if over <= len(made) else DAY_SECONDS
                raise RefusedError(
                    Reason.QUOTA,
                    "the agency has made too many directory statements within a day",
                    retry_after_seconds=str(max(1, wait)),
                )


def _counted(statements: Iterable[SignedStatement]) -> Counter[str]:
    """Returns how many statements count, by agency."""
    return Counter(
        position.signer
        for statement in statements
        if statement.kind not in _EXEMPT
        for position in statement.positions
        if position.signer != HUB
    )
