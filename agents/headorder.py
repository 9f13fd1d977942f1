"""Heads beside one another: a head is over both logs as they stood at one moment, so of two one covers the other.

Never does: signatures, storage.
"""

from __future__ import annotations

from typing import Final

from comity.directory import Head

CLOCK_SKEW_MS: Final = 120_000
"""How far two clocks may be apart: the hub's and ours, or those of two hub processes."""
HUB_SLACK_MS: Final = CLOCK_SKEW_MS + 60_000
"""How far before a head's time something may be dated that it does not cover: by another process's clock, and in a
transaction that had its time and was not committed yet when the head was signed."""


def contradict(one: Head, other: Head) -> bool:
    """Returns whether no honest hub can have signed both heads: neither covers the other, or the lesser is newer."""
    less, more = sorted((one, other), key=_sizes)
    if less.directory_size > more.directory_size:
        return True
    return _sizes(less) != _sizes(more) and less.time > more.time + HUB_SLACK_MS


def covers(head: Head, other: Head) -> bool:
    """Returns whether a head is over logs at least as long as another's."""
    return head.directory_size >= other.directory_size and head.exchange_size >= other.exchange_size


def later(head: Head, other: Head) -> bool:
    """Returns whether a head says more than another: over longer logs, or over the same ones later."""
    if _sizes(head) == _sizes(other):
        return head.time > other.time
    return covers(head, other)


def _sizes(head: Head) -> tuple[int, int]:
    return head.exchange_size, head.directory_size
