"""Pages of feeds that readers have not finished, within one budget of bytes for all of them.

A reader that takes nothing must cost next to nothing: where the budget is exceeded, the pages that were used longest
ago are dropped, and their readers, should they ever go on, read theirs again from where they are. A reader itself holds
nothing but the item that is in flight.

Never does: I/O. Used on the event loop only.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable

from hub.feed.domain import FeedItem


class Pages:
    """What was read ahead, by reader."""

    def __init__(self, most_bytes: int) -> None:
        """Takes the budget."""
        self._most = most_bytes
        self._pages: OrderedDict[object, deque[FeedItem]] = OrderedDict()
        self.held = 0
        """Bytes of all pages."""

    def keep(self, reader: object, items: Iterable[FeedItem]) -> None:
        """Keeps a reader's page in place of the one before; the pages used longest ago make room for it."""
        self.drop(reader)
        page = deque(items)
        if not page:
            return
        self._pages[reader] = page
        self.held += sum(item.weight for item in page)
        while self.held > self._most and self._pages:
            self.drop(next(iter(self._pages)))

    def take(self, reader: object) -> FeedItem | None:
        """Returns the next item of a reader's page; None where there is none, or not any more."""
        page = self._pages.get(reader)
        if page is None:
            return None
        item = page.popleft()
        self.held -= item.weight
        if page:
            self._pages.move_to_end(reader)
        else:
            del self._pages[reader]
        return item

    def drop(self, reader: object) -> None:
        """Forgets a reader's page."""
        self.held -= sum(item.weight for item in self._pages.pop(reader, ()))
