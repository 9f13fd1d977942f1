"""What the stores on this disk say of themselves: how each list stands, and how large the files are.

Never does: write.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from agents.sync.condition import ListCondition
from agents.sync.config import Config
from agents.sync.screening.lists import ASKED, ListKey
from agents.sync.screening.reading import ScreeningReader


def conditions_of(reader: ScreeningReader, config: Config) -> tuple[ListCondition, ...]:
    """Returns how every list stands that a screening store knows."""
    return tuple(
        ListCondition(
            owner=one.key.owner,
            list_id=one.key.list_id.hex(),
            status=one.status.value,
            sequence=one.sequence,
            entries=one.count,
            batch_time=one.batch_time,
            last_heard=one.last_heard,
            followed=one.status in ASKED and config.is_followed(one.key.owner, one.key.list_id.hex()),
            head=one.head.hex(),
        )
        for one in reader.lists()
    )


def wanted_of(config: Config) -> list[ListKey]:
    """Returns the lists without which nothing is called clear here."""
    return [ListKey(one.owner, bytes.fromhex(one.list_id)) for one in config.follow.lists]


def size_of(path: Path) -> int:
    """Returns the size of a database's files, in bytes."""
    found = 0
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            found += path.with_name(path.name + suffix).stat().st_size
    return found
