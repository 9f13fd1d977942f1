"""Succession: when a desk key has gone for good.

A desk key is destroyed 14 days after a successor took over. Only a good key succeeds: one that was revoked or disputed
never does, or whoever may publish a desk's keys could have the live one destroyed everywhere. And a successor takes
over no earlier than it entered the directory, whatever it says of itself, so that people have 14 days to dispute it.

Never does: destroy anything (`agents/renewal.py`).
"""

from __future__ import annotations

from typing import Final

from comity.directory import View
from comity.directory.records import DeskKey
from comity.directory.statements import DAY_MS

DESTROY_AFTER_MS: Final = 14 * DAY_MS
"""When a desk key is destroyed, counted from when its successor took over."""


def superseded(view: View, key: DeskKey, now: int) -> bool:
    """Returns whether a good successor of a desk key took over more than 14 days ago.

    Args:
        view: the directory as it is now.
        key: one of its desk keys.
        now: Unix milliseconds UTC.
    """
    successors = [k for k in view.desk_keys(key.desk) if k.epoch > key.epoch and not view.blocked(k.kid)]
    return any(now > max(k.valid_from, view.entered(k)) + DESTROY_AFTER_MS for k in successors)
