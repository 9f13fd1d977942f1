"""What happened in a chaos run, as its clients saw it: one entry after another, to be checked and to be kept in a file.

An *operation* is a submission (`m:HASH`) or an acknowledgement (`a:HASH:DESK`). Where one entry stands before another
it happened before it: everything is recorded by one process.

Never does: judge (`checker.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Asked:
    """A client began an operation, or tried it again with the same bytes."""

    op: str
    desks: tuple[str, ...]
    """In whose feeds it has to show up, once each."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The hub answered with a receipt, which verified."""

    op: str
    index: int
    receipt: str
    """Digest of all its bytes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The hub refused, or nobody answered for as long as the client was ready to try: UNAVAILABLE."""

    op: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A reader that follows its feed was handed an item."""

    desk: str
    number: int
    index: int
    op: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A reader began again from a saved place: at the item after this number at the latest."""

    desk: str
    number: int


@dataclass(frozen=True, slots=True)
class Head:
    """A signed checkpoint of the exchange log, which verified."""

    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """A fault passed, the hub serves again, and everything was looked at."""

    cycle: int
    fault: str
    findings: tuple[str, ...]
    """What did not verify; empty if all is well."""


@dataclass(frozen=True, slots=True)
class Held:
    """At the end: an item of a desk's feed, read from the beginning."""

    desk: str
    number: int
    index: int
    op: str


@dataclass(frozen=True, slots=True)
class Stored:
    """At the end: a leaf of an operation, by the rows of the database."""

    op: str
    index: int


@dataclass(frozen=True, slots=True)
class Ended:
    """At the end: how many leaves there are, and how many of them the hub made by itself."""

    size: int
    own: int


Entry: TypeAlias = Asked | Answered | Refused | Delivered | Resumed | Head | Restarted | Held | Stored | Ended
KINDS = {
    kind.__name__: kind for kind in (Asked, Answered, Refused, Delivered, Resumed, Head, Restarted, Held, Stored, Ended)
}


def write(path: Path, history: Sequence[Entry]) -> None:
    """Keeps a history in a file, one line an entry."""
    with path.open("w", encoding="utf-8") as file:
        for entry in history:
            file.write(json.dumps({"what": type(entry).__name__} | asdict(entry)) + "\n")


def read(path: Path) -> list[Entry]:
    """Returns a history that was kept."""
    return list(_entries(path))


def _entries(path: Path) -> Iterator[Entry]:
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        kind = KINDS[fields.pop("what")]
        yield kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
