"""What subscribers said of entries: challenges, which a person answers, and sightings. Codes and places only.

The words stay sealed in the mailbox: whoever shows them opens the message there.

Never does: answer.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from comity.v1 import payload_pb2

from agents.errors import NotUniqueError
from agents.sync.owner.mailrows import Arrived

_PUT_CHALLENGE: Final = (
    "INSERT OR IGNORE INTO challenges (message_hash, list, case_id, desk, entry_id, entry_version, ground, received,"
    " respond_by, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
)
_CHALLENGES: Final = "SELECT * FROM challenges ORDER BY received, message_hash"
_CHALLENGERS: Final = "SELECT desk FROM challenges WHERE list = ? AND entry_id = ? AND result = 0"
_ANSWERED: Final = "UPDATE challenges SET result = ? WHERE message_hash = ?"
_PUT_SIGHTING: Final = (
    "INSERT OR IGNORE INTO sightings (message_hash, list, case_id, desk, entry_id, entry_version, kind, received)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SIGHTINGS: Final = "SELECT * FROM sightings WHERE list = ? ORDER BY received DESC LIMIT ?"
_FORGET_SIGHTINGS: Final = "DELETE FROM sightings WHERE received < ?"
_FORGET_CHALLENGES: Final = "DELETE FROM challenges WHERE received < ? AND result > 0"


@dataclass(frozen=True, slots=True)
class Challenge:
    """An entry should not stand, says a subscriber."""

    message_hash: bytes
    list: int
    case_id: bytes
    desk: str
    entry_id: bytes
    entry_version: int
    ground: int
    """Number of a ChallengeGround."""
    received: int
    respond_by: int
    result: int
    """Number of a ChallengeResult, 0 until it was answered."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A listed wallet was seen, says a subscriber."""

    message_hash: bytes
    list: int
    case_id: bytes
    desk: str
    entry_id: bytes
    entry_version: int
    kind: int
    """Number of a SightingKind."""
    received: int


def add_challenge(c: sqlite3.Connection, message: Arrived, number: int, body: payload_pb2.ChallengeEntry) -> None:
    """Keeps a challenge."""
    place = (message.message_hash, number, message.case_id, message.sender, body.entry_id, body.entry_version)
    c.execute(_PUT_CHALLENGE, (*place, int(body.ground), message.leaf_time, message.respond_by))


def challenges(c: sqlite3.Connection, number: int | None = None) -> list[Challenge]:
    """Returns the challenges of a list, or of all, oldest first."""
    found = [Challenge(*row) for row in c.execute(_CHALLENGES)]
    return [one for one in found if number is None or one.list == number]


def challenge_named(c: sqlite3.Connection, prefix: str) -> Challenge:
    """Returns the one challenge whose message id begins so.

    Raises:
        NotUniqueError: none does, or several do.
    """
    found = [one for one in challenges(c) if prefix and one.message_hash.hex().startswith(prefix.lower())]
    if len(found) != 1:
        raise NotUniqueError("no challenge, or more than one, has an id that begins so")
    return found[0]


def challengers(c: sqlite3.Connection, number: int, entry_id: bytes) -> list[str]:
    """Returns the desks whose challenges of an entry are open."""
    return [row[0] for row in c.execute(_CHALLENGERS, (number, entry_id))]


def answered(c: sqlite3.Connection, message_hash: bytes, result: int) -> None:
    """Notes that a challenge was answered."""
    c.execute(_ANSWERED, (result, message_hash))


def add_sighting(c: sqlite3.Connection, message: Arrived, number: int, body: payload_pb2.ReportSighting) -> None:
    """Keeps a sighting."""
    place: tuple[Any, ...] = (message.message_hash, number, message.case_id, message.sender)
    c.execute(_PUT_SIGHTING, (*place, body.entry_id, body.entry_version, int(body.kind), message.leaf_time))


def sightings(c: sqlite3.Connection, number: int, limit: int = 200) -> list[Sighting]:
    """Returns the newest sightings of a list, newest first."""
    return [Sighting(*row) for row in c.execute(_SIGHTINGS, (number, limit))]


def forget_before(c: sqlite3.Connection, before: int) -> None:
    """Forgets sightings, and challenges that were answered, from before a time; the mail about them stays."""
    c.execute(_FORGET_SIGHTINGS, (before,))
    c.execute(_FORGET_CHALLENGES, (before,))
