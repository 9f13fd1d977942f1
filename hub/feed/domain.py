"""What a desk is told, and the batches that were told last: live readers are served from memory, not from the database.

Never does: I/O, clocks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

from comity.envelope import Envelope, Signature
from comity.receipts import EventKind, Receipt

from hub.exchange.domain import AckSource, Submitted
from hub.exchange.onward import Used
from hub.log.domain import Batch

CACHE_ITEMS = 8192
CACHE_BYTES = 32 << 20
ITEM_BYTES = 2048
"""Of an item without content: receipt, path, checkpoint, objects."""
SIGNATURE_BYTES = 97
"""Key id, role, signature."""
_TAKEN_BACK = frozenset({EventKind.WITHDRAWN, EventKind.EXPIRED, EventKind.ERASED})


@dataclass(frozen=True, slots=True)
class Content:
    """An envelope as one recipient gets it."""

    header: bytes
    seal: bytes
    ciphertext: bytes
    wrap: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed of an envelope, without what is sealed in it."""

    header: bytes
    seal: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One event that a desk is a party to."""

    desk: str
    number: int
    """The desk's own, from 1, without gaps."""
    delivery_salt: bytes
    receipt: Receipt
    kind: EventKind
    content: Content | None = None
    """SUBMITTED only; None once withdrawn, expired or erased."""
    remains: tuple[bytes, bytes] | None = None
    """(header, seal) of what is withheld because its `deliver_by` went by: they show that it did."""
    remains_signed: tuple[Signature, ...] = ()
    """The signatures over `remains`: what was signed moves a case, whether it was read or not."""
    ack: tuple[bytes, bytes] | None = None
    """(body, signature) of an acknowledgement."""
    passed_on: Signed | None = None
    """GRANT_USED only: the FORWARD that used it; None once erased."""
    expires: int = 0
    """Not delivered after this, Unix milliseconds UTC; 0 where that does not matter."""

    @property
    def index(self) -> int:
        """Its leaf."""
        return self.receipt.index

    @property
    def log_size(self) -> int:
        """Size of the log whose checkpoint its receipt leads to: the checkpoint's second line."""
        return int(self.receipt.checkpoint.split(b"\n", 2)[1])

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly and rather too many."""
        weight = ITEM_BYTES + sum(map(len, (*(self.remains or ()), *(self.ack or ()))))
        if self.passed_on is not None:
            weight += len(self.passed_on.header) + len(self.passed_on.seal)
        weight += SIGNATURE_BYTES * len(self.remains_signed)
        if self.content is None:
            return weight
        c = self.content
        parts = (c.header, c.seal, c.ciphertext, c.wrap)
        return weight + sum(map(len, parts)) + SIGNATURE_BYTES * len(c.signatures)


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties an item's checkpoint to what its reader holds."""

    size: int
    """That its reader was given a proof up to last."""
    path: tuple[bytes, ...]
    """Between the two sizes, the smaller first."""


def items_of(batch: Batch) -> list[FeedItem]:
    """Returns what a batch tells all its parties, in the order of the log."""
    items: list[FeedItem] = []
    for entry in batch.entries:
        if not entry.deliveries:
            continue
        receipt, source = entry.receipt(batch.checkpoint), entry.draft.source
        ack = (source.command.body, source.command.sig) if isinstance(source, AckSource) else None
        envelope = source.envelope if isinstance(source, Submitted) else None
        passed_on = _signed(source.envelope) if isinstance(source, Used) else None
        for d in entry.deliveries:
            content, expires = None, 0
            if envelope is not None and d.wrap is not None:
                content = Content(
                    envelope.header_bytes, envelope.seal_bytes, envelope.ciphertext, d.wrap, envelope.signatures
                )
                # The sender's own copy does not expire: it was delivered when it was sent.
                expires = 0 if d.desk == envelope.header.sender else envelope.header.deliver_by
            kind = entry.draft.kind
            item = FeedItem(
                d.desk, d.number, d.salt, receipt, kind, content, ack=ack, passed_on=passed_on, expires=expires
            )
            items.append(item)
    return items


def _signed(envelope: Envelope) -> Signed:
    return Signed(envelope.header_bytes, envelope.seal_bytes, envelope.signatures)


@dataclass(slots=True)
class _Told:
    """One batch in memory."""

    batch: Batch | None
    """None once its items were made: they are made when somebody reads."""
    end: int
    count: int
    weight: int
    desks: set[str] = field(default_factory=set)
    """Whose items were made."""


def _measure(batch: Batch) -> tuple[int, int]:
    """Returns how many items a batch makes, and the bytes they keep in memory, roughly and rather too many."""
    count = weight = 0
    for entry in batch.entries:
        count += len(entry.deliveries)
        source = entry.draft.source
        if type(source) is Submitted:
            weight += source.weight
    return count, weight + ITEM_BYTES * count


class Recent:
    """The items of the newest batches, contiguous up to `end`. Bounded in number and in bytes."""

    def __init__(self, max_items: int = CACHE_ITEMS, max_bytes: int = CACHE_BYTES) -> None:
        """Takes the bounds."""
        self._max_items, self._max_bytes = max_items, max_bytes
        self._by_desk: dict[str, list[FeedItem]] = {}
        self._batches: deque[_Told] = deque()
        self._unread: deque[_Told] = deque()
        self._items = 0
        self._bytes = 0
        self.start = 0
        """Every item from this index on is here."""
        self.end = 0
        """The log's size, as far as this process was told by its own batches."""

    def add(self, batch: Batch) -> None:
        """Takes a batch in. After one of another process, memory begins anew."""
        if batch.first != self.end:
            self._clear(batch.first)
        count, weight = _measure(batch)
        told = _Told(batch, batch.size, count, weight)
        self._batches.append(told)
        self._unread.append(told)
        self._items += count
        self._bytes += weight
        self.end = batch.size
        while self._batches and (self._items > self._max_items or self._bytes > self._max_bytes):
            self._forget()
        # What was taken back or erased is not told from memory: from here on the database's word counts.
        if any(entry.draft.kind in _TAKEN_BACK for entry in batch.entries):
            self._clear(self.end)

    def _clear(self, start: int) -> None:
        self._by_desk.clear()
        self._batches.clear()
        self._unread.clear()
        self._items = self._bytes = 0
        self.start = start

    def _forget(self) -> None:
        told = self._batches.popleft()
        self.start = told.end
        self._items -= told.count
        self._bytes -= told.weight
        if told.batch is not None:
            self._unread.popleft()  # nobody has read it: nothing was made of it
            return
        for desk in told.desks:
            # In the log's order: what goes is at the front. Looking at all that stays would cost more than the batch.
            mine = self._by_desk[desk]
            del mine[: bisect_left(mine, told.end, key=lambda item: item.index)]
            if not mine:
                del self._by_desk[desk]

    def after(self, desk: str, index: int, count: int) -> list[FeedItem]:
        """Returns a desk's items from an index on, which must not be before `start`."""
        while self._unread:
            told = self._unread.popleft()
            for item in items_of(told.batch) if told.batch is not None else ():
                self._by_desk.setdefault(item.desk, []).append(item)
                told.desks.add(item.desk)
            told.batch = None
        mine = self._by_desk.get(desk, [])
        at = bisect_left(mine, index, key=lambda item: item.index)
        return mine[at : at + count]
