"""The one road out: each desk reads its own items from an index on, gap-free, and again from any index.

What is live comes from memory, what is older from the database, a page at a time. A reader holds the one item that is
in flight; all pages lie in one place with one budget (`pages.py`), so slow readers cost little memory, however many.
Batches of other processes are noticed by PostgreSQL's announcement or by a poll.

Never does: keep anything a reader. A reader remembers where it is; who it is, is checked around it, again and again
(`hub/interceptors`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from comity.errors import RefusedError
from comity.merkle import MAX_SIZE

from hub.clock import Clock
from hub.db import Database
from hub.faults import Faults
from hub.feed import store
from hub.feed.domain import FeedItem, Recent, Tie
from hub.feed.pages import Pages
from hub.log.commands import SignedHead
from hub.log.domain import Batch, DirectorySource, KeyNotHeldError, LogKeys, LogName
from hub.log.receipts import receipt_of
from hub.log.service import LogService
from hub.telemetry import Telemetry

PAGE_ITEMS: Final = 256
PAGE_BYTES: Final = 512 << 10
"""Of one page, all that was read counted; a page has at least one item."""
ALL_PAGES_BYTES: Final = 64 << 20
HEAD_SECONDS: Final = 60.0
"""How often a live reader gets a head where nothing else happens."""


@dataclass(slots=True, eq=False)
class _Place:
    """Where a reader is, and how far its page goes."""

    at: int
    """The first index that was not told yet."""
    last: int = -1
    """Index of the page's last item."""
    end: int = 0
    """Where to go on after it."""
    told: int | None = None
    """The log's size where nothing comes after it, up to that size."""


class FeedService:
    """Reads feeds."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        clock: Clock,
        faults: Faults,
        log: LogService,
        telemetry: Telemetry,
        head_seconds: float = HEAD_SECONDS,
        page_bytes: int = ALL_PAGES_BYTES,
    ) -> None:
        """Takes its collaborators."""
        self._db, self._directory, self._keys, self._clock = db, directory, keys, clock
        self._faults, self._log, self._telemetry = faults, log, telemetry
        self._head_seconds = head_seconds
        self._recent = Recent()
        self._pages = Pages(page_bytes)
        self._size = 0
        self.shown = log.shown
        """What each reader was proved last."""
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._stopping = False
        self.readers = 0
        """Streams that are open."""

    # Waking.

    def publish(self, batch: Batch) -> None:
        """Takes in a batch of this process and wakes whom it concerns. Registered with the sequencer."""
        if not self._recent.end:
            # Nothing is known yet of what was before: memory begins here.
            self._recent.start = self._recent.end = batch.first
        self._recent.add(batch)
        self._size = max(self._size, batch.size)
        if self._waiting:
            for desk in {delivery.desk for entry in batch.entries for delivery in entry.deliveries}:
                self._wake(desk)

    def grown(self, size: int) -> None:
        """Takes note that the log has grown, through whatever process, and wakes everybody whom it could concern."""
        if size <= self._size:
            return
        self._size = size
        for desk in list(self._waiting):
            self._wake(desk)

    def stop(self) -> None:
        """Ends every stream once it has told what it knows."""
        self._stopping = True
        for desk in list(self._waiting):
            self._wake(desk)

    def _wake(self, desk: str) -> None:
        for future in self._waiting.pop(desk, ()):
            if not future.done():
                future.set_result(None)

    async def _wait(self, desk: str) -> None:
        """Waits until something may have happened for a desk, or a head is due."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(desk, set()).add(future)
        try:
            await asyncio.wait([future], timeout=self._head_seconds)
        finally:
            waiting = self._waiting.get(desk)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[desk]

    # Reading.

    async def tie(self, key: bytes, size: int) -> Tie | None:
        """Returns the proof that a reader will need for a checkpoint, as far as this process can tell.

        Args:
            key: SHA-256 of the reader's TLS key.
            size: of the checkpoint.
        """
        shown = self.shown.of(key)
        if not shown or shown == size:
            return None
        try:
            path = await self._log.consistency(LogName.EXCHANGE, min(shown, size), max(shown, size))
        except RefusedError:
            return None  # the database does not answer: the reader asks for itself
        self.shown.note(key, size)
        return Tie(shown, path)

    async def read(self, desk: str, from_index: int, *, follow: bool) -> AsyncIterator[FeedItem | SignedHead]:
        """Yields a desk's items from an index on, then a head; then live ones, and a head about once a minute.

        Args:
            desk: whose feed.
            from_index: first log index wanted.
            follow: False to end at the present end.

        Raises:
            RefusedError: UNAVAILABLE: the database does not answer.
        """
        self.readers += 1
        place = _Place(min(from_index, MAX_SIZE))
        try:
            due = 0.0
            loop = asyncio.get_running_loop()
            head: tuple[SignedHead, int] | None = None
            while True:
                item, told = await self._next(desk, place)
                if item is not None:
                    if self._faults.armed:
                        self._faults.hit("feed.before_item")
                    yield item
                if told is None:
                    continue
                # A head goes out only after every item it covers; while much is live, about once a minute.
                if head is None and (loop.time() >= due or not follow):
                    head = await self._log.newest_head(fresh=True)
                    self.grown(head[1])
                if head is not None:
                    if told < head[1]:
                        continue
                    yield head[0]
                    head, due = None, loop.time() + self._head_seconds
                if not follow or self._stopping:
                    return
                if self._size <= told:
                    await self._wait(desk)
        finally:
            self._pages.drop(place)
            self.readers -= 1

    async def _next(self, desk: str, place: _Place) -> tuple[FeedItem | None, int | None]:
        """Returns the next item if there is one, and the log's size if none follows up to it; None where some may."""
        item = self._pages.take(place)
        if item is None:
            recent, at = self._recent, place.at
            if recent.start <= at and recent.end and self._size <= recent.end:
                found = recent.after(desk, at, 1)
                if not found:
                    place.at = max(at, recent.end)
                    return None, recent.end
                # Whether a desk that is late had stored it in time is known to the database alone.
                if not self._late(found[0]):
                    place.at = found[0].index + 1
                    return found[0], None
            items = await self._read_page(desk, place)
            if not items:
                place.at = place.end
                return None, place.told
            item = items.pop(0)
            self._pages.keep(place, items)
        # Should the page be dropped, it is read again from here.
        place.at = item.index + 1
        told = None
        if item.index == place.last:
            place.at, told = max(place.at, place.end), place.told
        return self._in_time(item), told

    async def _read_page(self, desk: str, place: _Place) -> list[FeedItem]:
        if self._faults.armed:
            self._faults.hit("feed.before_page")
        at = place.at
        page = await self._db.read(lambda c: store.read_page(c, desk, at, PAGE_ITEMS, PAGE_BYTES))
        self._size = max(self._size, page.size)
        origin = self._directory.current.state.exchange_origin
        self._telemetry.counters.add("comity.feed_pages")
        place.last = page.rows[-1].receipt.index if page.rows else -1
        place.end = max(at, page.next_index)
        place.told = page.size if page.next_index >= page.size else None
        return [self._item(desk, row, origin) for row in page.rows]

    def _item(self, desk: str, row: store.FeedRow, origin: str) -> FeedItem:
        try:
            receipt = receipt_of(row.receipt, origin, self._keys)
        except KeyNotHeldError:
            raise self._log.unable() from None
        # Of an erased event nothing is told but its place: a tombstone, so that numbers have no gap.
        salt = row.salt if receipt.salt else b""
        late = row.remains is not None and self._clock.now_ms() > row.deliver_by
        remains = row.remains if late else None
        return FeedItem(
            desk,
            row.number,
            salt,
            receipt,
            row.kind,
            row.content,
            remains,
            row.remains_signed if late else (),
            row.ack,
            row.passed_on,
            row.expires,
        )

    def _late(self, item: FeedItem) -> bool:
        return bool(item.expires) and item.content is not None and self._clock.now_ms() > item.expires

    def _in_time(self, item: FeedItem) -> FeedItem:
        """Withholds what may not be delivered any more, whether its expiry was logged yet or not."""
        if item.content is None or not self._late(item):
            return item
        found = item.content
        return FeedItem(
            item.desk,
            item.number,
            item.delivery_salt,
            item.receipt,
            item.kind,
            remains=(found.header, found.seal),
            remains_signed=found.signatures,
        )
