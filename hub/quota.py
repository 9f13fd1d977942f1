"""How much one agency may ask for: a bucket of tokens that fills at a steady rate.

Each process keeps its own buckets: a quota protects the process that serves, and several of them serve several times
as much. Bytes at rest are counted in the database (`hub/blobs/store.py`), not here.

Never does: wait, remember an agency that has been idle long enough to be full again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil

from comity.errors import Reason, RefusedError

BYTES_PER_TOKEN = 64 * 1024
"""A request costs one token, and one more for each of these."""
_SWEEP_AT = 10_000


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
        now = self._now()
        level, at = self._buckets.get(owner, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._rate)
        cost = 1 + size // BYTES_PER_TOKEN
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
