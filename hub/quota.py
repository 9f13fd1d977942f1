"""How much one agency may ask for: a bucket of tokens that fills at a steady rate, and streams open at once.

Each process keeps its own buckets: a quota protects the process that serves, and several of them serve several times
as much. Bytes at rest are counted in the database (`hub/blobs/store.py`), directory statements in the log itself
(`hub/log/daily.py`), not here.

Never does: wait, remember an agency that has been idle long enough to be full again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil

from comity.errors import Reason, RefusedError

BYTES_PER_TOKEN = 64 * 1024
"""A request costs one token, and one more for each of these; its items cost more (`hub/interceptors/pricing.py`)."""
_SWEEP_AT = 10_000


def tokens_for(size: int) -> int:
    """Returns what a request of a length costs, whatever is in it."""
    return 1 + size // BYTES_PER_TOKEN


class RequestQuota:
    """A token bucket an agency (or operator)."""

    def __init__(self, per_second: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Takes rate, size and a clock that never goes back, in seconds."""
        self._rate, self._burst, self._now = per_second, float(burst), monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, owner: str, size: int) -> None:
        """Takes the tokens of one request.

        Args:
            owner: whose bucket.
            size: length of the request in bytes.

        Raises:
            RefusedError: QUOTA, with `retry_after_seconds`; nothing was taken.
        """
        self.spend(owner, tokens_for(size))

    def drain(self, owner: str) -> None:
        """Takes all tokens that there are."""
        self._buckets[owner] = (0.0, self._now())

    def spend(self, owner: str, tokens: int, paid: int = 0) -> None:
        """Takes tokens; a full bucket pays for anything, so that no call is refused for ever.

        Args:
            owner: whose bucket.
            tokens: how many.
            paid: how many the same call has taken before.

        Raises:
            RefusedError: QUOTA, with `retry_after_seconds`; nothing was taken.
        """
        now = self._now()
        level, at = self._buckets.get(owner, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._rate)
        cost = min(float(tokens), max(0.0, self._burst - paid))
        if level < cost:
            wait = ceil((cost - level) / self._rate)
            raise RefusedError(Reason.QUOTA, "the agency's request quota is used up", retry_after_seconds=str(wait))
        self._buckets[owner] = (level - cost, now)
        if len(self._buckets) > _SWEEP_AT:
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        full = [owner for owner, (level, at) in self._buckets.items() if level + (now - at) * self._rate >= self._burst]
        for owner in full:
            del self._buckets[owner]


class OpenStreams:
    """How many streams are open, by whoever they are counted for. Used on the event loop only."""

    def __init__(self, retry_after_seconds: float) -> None:
        """Takes after how long a caller that is refused may try again: a stream that stalls is cut by then."""
        self._retry = str(ceil(retry_after_seconds))
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, limits: Sequence[tuple[str, int]]) -> Iterator[None]:
        """Counts one stream for as long as the block lasts.

        Args:
            limits: (for whom it counts, how many may be open); it counts for each of them.

        Raises:
            RefusedError: QUOTA, with `retry_after_seconds`; it counts for nobody.
        """
        if any(self._open[owner] >= most for owner, most in limits):
            raise RefusedError(
                Reason.QUOTA, "too many streams are open; close one first", retry_after_seconds=self._retry
            )
        for owner, _ in limits:
            self._open[owner] += 1
        try:
            yield
        finally:
            for owner, _ in limits:
                self._open[owner] -= 1
                if not self._open[owner]:
                    del self._open[owner]
