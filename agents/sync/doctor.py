"""`comity-sync doctor`: what stands against this agent's going on by itself for the next weeks.

Looks at the home, the directory as it was last replayed or as it is now, the lists, the disk and the clock. Says each
finding in one line, the gravest first; a machine takes its exit code.

Never does: repair; change anything; show content.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from agents.sync.condition import DAY_MS, Condition, Expiry
from agents.sync.config import Config

URGENT_DAYS: Final = 7
"""What ends within so many days is grave."""
BEHIND_MS: Final = 5_000
AHEAD_MS: Final = 120_000
"""Heads are signed once a minute, so that a clock may seem a little ahead and never be."""


class Gravity(IntEnum):
    """How grave a finding is; the exit code of `comity-sync doctor` is that of the gravest."""

    GOOD = 0
    """Nothing to do."""
    SOON = 1
    """Somebody has to do something, and has time."""
    NOW = 2
    """Something does not work, or ends within a week."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    gravity: Gravity
    what: str
    """Constant word: an expiry's kind, `list`, `silence`, `disk`, `clock`, `hub`, `family`, `alarms`."""
    name: str
    """Which: a name of the directory, a list, a folder; empty where there is one only."""
    text: str
    """What it is, for people."""


def examine(config: Config, condition: Condition, now: int, *, reached: bool) -> list[Finding]:
    """Returns everything that was looked at, the gravest first.

    Args:
        config: the settings.
        condition: what is known.
        now: Unix milliseconds UTC.
        reached: whether the hub has answered just now.
    """
    found = [_expiry(one, now, config.warn_days) for one in condition.expiries]
    found += _lists(condition, now, config)
    found.append(_disk(config))
    if reached:
        found.append(_clock(condition.clock_offset_ms))
    else:
        found.append(Finding(Gravity.NOW, "hub", "", "does not answer: check endpoints and network"))
    if not condition.offered:
        text = "its release does not take watchlists: nothing is received until it is updated; screening goes on"
        found.append(Finding(Gravity.NOW, "family", "", text))
    if condition.alarms:
        text = f"{condition.alarms} stand: see `comity alarm list`"
        found.append(Finding(Gravity.NOW, "alarms", "", text))
    return sorted(found, key=lambda one: (-one.gravity, one.what, one.name))


def gravest(found: Sequence[Finding]) -> Gravity:
    """Returns the gravity of the gravest finding."""
    return max((one.gravity for one in found), default=Gravity.GOOD)


def _expiry(one: Expiry, now: int, warn_days: int) -> Finding:
    days = (one.ends - now) // DAY_MS
    gravity = Gravity.NOW if one.due(now, URGENT_DAYS) else Gravity.SOON if one.due(now, warn_days) else Gravity.GOOD
    text = f"ends in {days} days" if one.ends > now else f"ended {-days} days ago"
    if one.renews_days:
        text += f"; renews itself when {one.renews_days} are left"
    return Finding(gravity, one.what.value, one.name, text)


def _lists(condition: Condition, now: int, config: Config) -> list[Finding]:
    found = []
    for one in condition.lists:
        name = f"{one.owner} {one.list_id}"
        if not one.followed:
            found.append(Finding(Gravity.GOOD, "list", name, f"{one.status}, not followed"))
            continue
        gravity = Gravity.GOOD if one.status == "CURRENT" else Gravity.NOW
        found.append(Finding(gravity, "list", name, f"{one.status} at batch {one.sequence}, {one.entries} entries"))
        silent = (now - one.last_heard) // 60_000 if one.last_heard else 0
        gravity = Gravity.NOW if silent > config.lag.minutes else Gravity.GOOD
        found.append(Finding(gravity, "silence", name, f"heard {silent} minutes ago"))
    named = {(one.owner, one.list_id) for one in condition.lists if one.status != "OFFERED"}
    for wanted in config.follow.lists:
        if (wanted.owner, wanted.list_id) not in named:
            text = "wanted, and nobody has subscribed: a person does that once, `comity watchlist subscribe`"
            found.append(Finding(Gravity.NOW, "list", f"{wanted.owner} {wanted.list_id}", text))
    return found


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(config.home).free // 1_000_000
    gravity = Gravity.NOW if free < config.disk_free_megabytes else Gravity.GOOD
    return Finding(gravity, "disk", str(Path(config.home)), f"{free} MB free")


def _clock(offset_ms: int) -> Finding:
    wrong = not -BEHIND_MS <= offset_ms <= AHEAD_MS
    text = f"{offset_ms / 1000:+.0f} s against the hub's newest head"
    return Finding(Gravity.NOW if wrong else Gravity.GOOD, "clock", "", text)
