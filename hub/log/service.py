"""Proofs from what is stored: checkpoints, tiles, leaves, inclusion, consistency, openings; and the signed head.

A head is signed only over what was just read from the database, and again after at most a second of age, so that a hub
that lost its database signs nothing, nor one whose database was put back under it. Absent, another's and erased
openings look the same.

Never does: write.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import SigningKey
from comity.merkle import MAX_SIZE, consistency_path, inclusion_path
from comity.receipts import Receipt
from comity.tiles import (
    TILE_WIDTH,
    HashRange,
    NodeReader,
    ranges_for_consistency,
    ranges_for_inclusion,
    tile_width,
)

from hub.clock import Clock
from hub.db import Database, unavailable
from hub.faults import Faults
from hub.log import store
from hub.log.commands import SignedHead
from hub.log.domain import NOT_HELD, DirectorySource, KeyNotHeldError, LogKeys, LogName, LogState
from hub.log.receipts import head_of, note_at, receipt_of
from hub.log.seen import FatalError, Seen
from hub.log.shown import Shown
from hub.telemetry import Telemetry

HEAD_AGE_SECONDS: Final = 1.0
"""A signed head is handed out again for so long before the database is read anew."""
MAX_LEAVES: Final = 256
MAX_LEVEL: Final = 5


@dataclass(frozen=True, slots=True)
class Opening:
    """An event as one of its parties may see it."""

    receipt: Receipt
    delivery_salt: bytes
    """Empty where the caller only caused it."""
    delivery_number: int
    """0 where the caller only caused it."""


def not_found() -> RefusedError:
    """Returns the one refusal for what is absent, what is another's and what is not there yet."""
    return RefusedError(Reason.NOT_FOUND, "no such thing, or not for this caller")


class LogService:
    """Reads both logs."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        clock: Clock,
        faults: Faults,
        telemetry: Telemetry,
        seen: Seen,
    ) -> None:
        """Takes its collaborators."""
        self._db, self._directory, self._keys, self._clock = db, directory, keys, clock
        self._faults, self._telemetry, self._seen = faults, telemetry, seen
        self._head: tuple[SignedHead, int] | None = None
        self._head_at = 0.0
        self._head_size = 0
        self._renewing = asyncio.Lock()
        self.shown = Shown()
        """What each reader of a feed was proved last."""

    def _origin(self, log: LogName) -> str:
        state = self._directory.current.state
        return state.origin if log is LogName.DIRECTORY else state.exchange_origin

    async def current_head(self, *, fresh: bool = False) -> SignedHead:
        """Returns a head over both logs, signed within the last second.

        Args:
            fresh: True where it must cover everything committed before this call.

        Raises:
            RefusedError: UNAVAILABLE: the database does not answer, so nothing is signed.
        """
        return (await self.newest_head(fresh=fresh))[0]

    async def newest_head(self, *, fresh: bool = False) -> tuple[SignedHead, int]:
        """Returns what `current_head` does, and the size of the exchange log that it covers."""
        asked = time.monotonic()
        async with self._renewing:
            least = asked if fresh else time.monotonic() - HEAD_AGE_SECONDS
            grown = self._directory.current.size
            # A directory that has grown shows at once: whoever appended asks for the new head next.
            if self._head is None or self._head_at < least or self._head_size < grown:
                began = time.monotonic()
                self._head = await self._db.read(self._sign_head, snapshot=True)
                self._head_at, self._head_size = began, grown
            return self._head

    def _sign_head(self, connection: Any) -> tuple[SignedHead, int]:
        if self._faults.armed:
            self._faults.hit("log.before_head")
        heads = self._look(connection)
        directory, exchange = heads.directory, heads.exchange
        if directory.size > self._directory.current.size:
            self._directory.refresh(connection)
        # This process may have published more since: a head says how both logs stood together, and no more.
        state = self._directory.current.state
        try:
            return head_of(state, exchange, self._clock.now_ms(), self._keys, directory.size), exchange.size
        except KeyNotHeldError:
            raise self.unable() from None

    def _signer(self, connection: Any, heads: store.Heads) -> SigningKey:
        """Returns the log key that the directory names at the size that was looked at.

        Raises:
            RefusedError: UNAVAILABLE: it is not held; this process ends.
        """
        if heads.directory.size > self._directory.current.size:
            self._directory.refresh(connection)
        if not heads.directory.size:
            return self._keys.log_key
        try:
            return self._keys.named_log(self._directory.current.view(heads.directory.size).log_key())
        except KeyNotHeldError:
            raise self.unable() from None

    def unable(self) -> RefusedError:
        """Ends this process, because a key is not held that what it is asked for is signed with; returns the answer."""
        self._seen.give_up(NOT_HELD)
        return unavailable()

    def _look(self, connection: Any) -> store.Heads:
        """Reads what is about to be signed.

        Raises:
            RefusedError: UNAVAILABLE: the database lacks what this process saw in it; sequencing has stopped.
        """
        try:
            return self._seen.look(connection)
        except FatalError:
            raise unavailable() from None

    async def root_at(self, log: int, size: int) -> bytes | None:
        """Returns the root of a log at a size, read from the database, or None where it is not that long."""
        return await self._db.read(lambda connection: store.root_at(connection, LogName(log), size))

    async def checkpoint(self, log: LogName) -> bytes:
        """Returns the newest checkpoint of a log.

        Raises:
            RefusedError: UNAVAILABLE: the database does not answer, so nothing is signed.
        """

        def read(connection: Any) -> tuple[LogState, SigningKey]:
            heads = self._look(connection)
            state = heads.directory if log is LogName.DIRECTORY else heads.exchange
            return state, self._signer(connection, heads)

        state, signer = await self._db.read(read)
        return note_at(self._origin(log), state.size, state.root, signer)

    async def tile(self, log: LogName, level: int, index: int, width: int) -> bytes:
        """Returns hashes of one tile, concatenated.

        Args:
            log: which log.
            level: 0 to 5.
            index: of the tile within its level.
            width: number of hashes wanted, 1 to 256.

        Raises:
            MalformedError: there can be no such tile.
            RefusedError: NOT_FOUND: the log is not that long.
        """
        if not 0 <= level <= MAX_LEVEL or not 1 <= width <= TILE_WIDTH:
            raise MalformedError("level or width of a tile is out of range")

        def read(connection: Any) -> bytes:
            size = store.read_state(connection, log).size
            if width > tile_width(level, index, size):
                raise not_found()
            found = store.read_hashes(connection, log, HashRange(level, index * TILE_WIDTH, width))
            if len(found) != width:
                raise not_found()
            return b"".join(found)

        return await self._db.read(read)

    async def leaves(self, log: LogName, start: int, count: int) -> list[bytes]:
        """Returns leaves as they were hashed.

        Raises:
            MalformedError: more than 256, or none.
            RefusedError: NOT_FOUND: the log is not that long.
        """
        if not 1 <= count <= MAX_LEAVES:
            raise MalformedError("number of leaves is out of range")

        def read(connection: Any) -> list[bytes]:
            found: list[bytes] = []
            if start + count <= store.read_state(connection, log).size:
                found = store.read_leaves(connection, log, start, count)
            if len(found) != count:
                raise not_found()
            return found

        return await self._db.read(read)

    async def inclusion(self, log: LogName, index: int, size: int) -> tuple[bytes, ...]:
        """Returns the inclusion path of a leaf in the log of a size.

        Raises:
            MalformedError: `index` is not below `size`.
            RefusedError: NOT_FOUND: the log is not that long.
        """
        if not index < size:
            raise MalformedError("leaf index is outside the tree")
        wanted = ranges_for_inclusion(index, size)
        return await self._prove(log, size, wanted, lambda node: inclusion_path(index, size, node))

    async def consistency(self, log: LogName, first: int, second: int) -> tuple[bytes, ...]:
        """Returns the proof that the log of one size begins with that of a smaller one.

        Raises:
            MalformedError: `first` is greater than `second`.
            RefusedError: NOT_FOUND: the log is not that long.
        """
        if first > second:
            raise MalformedError("tree sizes are out of order")
        wanted = ranges_for_consistency(first, second)
        return await self._prove(log, second, wanted, lambda node: consistency_path(first, second, node))

    async def _prove(self, log: LogName, size: int, wanted: list[HashRange], make: Any) -> tuple[bytes, ...]:
        """Returns a proof from the ranges that it needs: a few statements, not one for each of its hashes."""

        def read(connection: Any) -> tuple[bytes, ...]:
            state: LogState = store.read_state(connection, log)
            if size > state.size:
                raise not_found()

            rows = {one: store.read_hashes(connection, log, one) for one in wanted}
            path: tuple[bytes, ...] = make(NodeReader.from_rows(rows).node)
            return path

        return await self._db.read(read)

    async def opening(self, desk: str, index: int) -> Opening:
        """Returns an event's receipt for one of its parties.

        Raises:
            RefusedError: NOT_FOUND, the same whether it is another's or does not exist; counted. UNAVAILABLE: the key
                that signed it is not held; this process ends.
        """
        row = None
        if index <= MAX_SIZE:  # a number that no database holds is no fault of ours, and absent
            row = await self._db.read(lambda connection: store.find_opening(connection, index, desk))
        if row is None:
            self._telemetry.counters.add("comity.openings_refused")
            raise not_found()
        origin = self._origin(LogName.EXCHANGE)
        try:
            return Opening(receipt_of(row.receipt, origin, self._keys), row.delivery_salt, row.number)
        except KeyNotHeldError:
            raise self.unable() from None
