"""Statements are tried on a copy of the directory before they come to the sequencer, on a thread that reads.

What the rules refuse costs its sender tokens and nobody else time: the log's lock is never held for it. Under the lock
the result counts if the directory is still the one it was tried on; else it is judged again there.

Never does: write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from comity.errors import ComityError

from hub.clock import Clock
from hub.db import Database, unavailable
from hub.log import store
from hub.log.commands import AppendStatements
from hub.log.daily import StatementsLately
from hub.log.domain import DirectorySource, LogName
from hub.log.growing import try_statements


class Trial:
    """Tries directory statements, one call at a time."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        clock: Clock,
        statements_per_day: int,
        trust_database_clock: bool = True,
    ) -> None:
        """Takes its collaborators, and how many statements one agency may make in any 24 hours."""
        self._db, self._directory, self._clock = db, directory, clock
        self._trust_database_clock = trust_database_clock
        self._lately = StatementsLately(statements_per_day)
        self._one = asyncio.Lock()

    async def admit(self, statements: Sequence[bytes]) -> AppendStatements:
        """Returns the command that appends statements, all or none.

        Raises:
            MalformedError: one breaks the protocol's form.
            RefusedError: STATEMENT_REFUSED, STALE_POSITION or WRONG_ORIGIN by the directory's rules; QUOTA where an
                agency has made too many lately; UNAVAILABLE or BUSY.
        """
        async with self._one:
            return await self._db.read(lambda connection: self._try(connection, tuple(statements)))

    def _try(self, connection: Any, statements: tuple[bytes, ...]) -> AppendStatements:
        # Another process may have appended since: its position in a chain is not stale because this one lags.
        if store.read_state(connection, LogName.DIRECTORY).size > self._directory.current.size:
            try:
                self._directory.refresh(connection)
            except ComityError:
                raise unavailable() from None
        current = self._directory.current
        times = list(current.state.times)
        now_ms = store.clock_ms(connection) if self._trust_database_clock else None
        now = max(times[-1] if times else 0, (self._clock.now_ms() if now_ms is None else now_ms) // 1000)
        tried = try_statements(current, statements, now)
        self._lately.follow(connection, times, now)
        self._lately.check(tried.statements, now)
        return AppendStatements(statements, tried)
