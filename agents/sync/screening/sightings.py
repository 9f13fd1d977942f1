"""Sightings that wait to be sent: a small SQLite file beside the store, since who screens is not always who sends.

The same hit (entry, account, kind) is kept once a day, however often it is screened and under whatever reference. What
was sent is forgotten after a week. No more than `MOST` wait; what comes then is counted, and that is an alarm.

Never does: send, decide what is reported (`rules.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Self

from agents.sync.screening.lists import ListKey
from agents.sync.screening.reading import connect
from agents.sync.screening.rules import Rule, SightingWanted, wanted
from agents.sync.screening.screening import Screening

FILE: Final = "sightings.db"
"""Name of the file in a home."""
MOST: Final = 100_000
"""So many may wait; what comes then is counted only. Somebody is to look at why nothing is sent."""
KEPT_MS: Final = 7 * 86_400_000
"""So long it is remembered what was sent."""

_TABLE: Final = """CREATE TABLE IF NOT EXISTS sightings (number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL,
    list_id BLOB NOT NULL, entry_id BLOB NOT NULL, entry_version INTEGER NOT NULL, kind INTEGER NOT NULL,
    moment TEXT NOT NULL, account TEXT NOT NULL, reference TEXT NOT NULL, day TEXT NOT NULL, sent INTEGER NOT NULL,
    draft TEXT NOT NULL DEFAULT '', UNIQUE (owner, list_id, entry_id, account, kind, day))"""
_COLUMNS: Final = "PRAGMA table_info(sightings)"
_ADD_DRAFT: Final = "ALTER TABLE sightings ADD COLUMN draft TEXT NOT NULL DEFAULT ''"  # files of release 0.2 have none
_LOST_TABLE: Final = "CREATE TABLE IF NOT EXISTS lost (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL)"
_LOSE: Final = """INSERT INTO lost (one, count) VALUES (1, ?) ON CONFLICT (one) DO UPDATE
    SET count = count + excluded.count"""
_LOST: Final = "SELECT count FROM lost"
_KNOWN: Final = """SELECT 1 FROM sightings WHERE owner = ? AND list_id = ? AND entry_id = ? AND account = ? AND kind = ?
    AND day = ?"""
_PUT: Final = """INSERT OR IGNORE INTO sightings (owner, list_id, entry_id, entry_version, kind, moment, account,
    reference, day, sent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"""
_WAITING: Final = """SELECT number, owner, list_id, entry_id, entry_version, kind, moment, account, reference
    FROM sightings WHERE sent = 0 AND number > ? ORDER BY number LIMIT ?"""
_DRAFT_OF: Final = "SELECT draft FROM sightings WHERE number = ?"
_BIND: Final = "UPDATE sightings SET draft = ? WHERE number = ?"
_COUNT: Final = "SELECT count(*) FROM sightings WHERE sent = 0"
_SENT: Final = "UPDATE sightings SET sent = ?, reference = '' WHERE number = ?"
_FORGET: Final = "DELETE FROM sightings WHERE sent > 0 AND sent < ?"


class SightingQueue:
    """What waits to be sent. Several processes may use it."""

    def __init__(self, path: Path, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """Opens the file, making it where needed, and forgets what was sent long ago.

        Args:
            path: the file.
            clock: Unix milliseconds UTC.
        """
        self._clock = clock
        if not path.exists():
            path.touch(mode=0o600)
        self._db = connect(path.absolute().as_uri())
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"):
            self._db.execute(statement)
        for table in (_TABLE, _LOST_TABLE):
            self._db.execute(table)
        if "draft" not in {name for _, name, *_ in self._db.execute(_COLUMNS)}:
            self._db.execute(_ADD_DRAFT)
        self.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def put(self, sightings: Iterable[SightingWanted]) -> int:
        """Keeps sightings until they are sent.

        Returns:
            How many are new; none beyond `MOST`.

        Raises:
            sqlite3.Error: they cannot be kept, none of them.
        """
        rows = [
            (
                s.key.owner,
                s.key.list_id,
                s.entry_id,
                s.entry_version,
                s.kind,
                s.when,
                s.account,
                s.reference,
                s.when[:10],
            )
            for s in sightings
        ]
        if not rows:
            return 0
        self._db.execute("BEGIN IMMEDIATE")
        try:
            room = max(0, MOST - self.waiting_count())
            new = lost = 0
            for row in rows:
                owner, list_id, entry_id, _, kind, _, account, _, day = row
                known = (owner, list_id, entry_id, account, kind, day)
                if new < room:
                    new += self._db.execute(_PUT, row).rowcount
                elif self._db.execute(_KNOWN, known).fetchone() is None:
                    lost += 1
            if lost:
                self._db.execute(_LOSE, (lost,))
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return new

    def waiting(self, limit: int = 100, after: int = 0) -> list[tuple[int, SightingWanted]]:
        """Returns what waits, the oldest first, each with the number that `sent` takes.

        Args:
            limit: how many at most.
            after: number behind which to begin.
        """
        return [
            (number, SightingWanted(ListKey(owner, list_id), *rest))
            for number, owner, list_id, *rest in self._db.execute(_WAITING, (after, limit))
        ]

    def lost_count(self) -> int:
        """Returns how many were not kept since this file was made, because `MOST` waited."""
        row = self._db.execute(_LOST).fetchone()
        return int(row[0]) if row else 0

    def waiting_count(self) -> int:
        """Returns how many wait."""
        (count,) = self._db.execute(_COUNT).fetchone()
        return int(count)

    def draft_of(self, number: int) -> str:
        """Returns the draft that was made of one, empty where there is none."""
        (draft,) = self._db.execute(_DRAFT_OF, (number,)).fetchone()
        return str(draft)

    def bind(self, number: int, draft: str) -> None:
        """Keeps the draft that was made of one; whoever sends goes on with it, so that nothing is told twice."""
        self._db.execute(_BIND, (draft, number))

    def sent(self, number: int, at_ms: int) -> None:
        """Says that one was sent, or cannot be, at that time, Unix milliseconds UTC."""
        self._db.execute(_SENT, (at_ms, number))
        self._db.execute(_FORGET, (at_ms - KEPT_MS,))

    def forget(self) -> None:
        """Forgets what was sent more than `KEPT_MS` ago."""
        self._db.execute(_FORGET, (self._clock() - KEPT_MS,))


class Reporter:
    """Puts what the rules want into the queue; handed to `serve_screening`."""

    def __init__(
        self,
        rules: Sequence[Rule],
        queue: SightingQueue,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """Takes the rules, where what they want is kept, and the clock, Unix milliseconds UTC."""
        self._rules = rules
        self._queue = queue
        self._clock = clock

    def __call__(self, found: Screening) -> None:
        """Looks at the answers to one request."""
        self._queue.put(wanted(self._rules, found.results, self._clock()))
