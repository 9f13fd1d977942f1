"""Holding: what people had signed in an older copy of a home goes out after a repair only where a person says so.

It may have been taken back since the copy was made: nothing of that is in the log.

Never does: publish; sign; hold what people had signed for good and is out in part, which nobody can take back.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from comity.errors import Reason, RefusedError

from agents.sync.owner import publications
from agents.sync.owner.publications import Publication, PublicationState

_HOLD: Final = "UPDATE publications SET state = 'HELD_BACK' WHERE list = ? AND state = 'READY' AND sequence = 0"
_HOLD_ON: Final = "UPDATE publications SET state = ? WHERE id = ? AND state = 'READY'"
_RELEASE: Final = "UPDATE publications SET state = 'READY' WHERE id = ? AND list = ? AND state = 'HELD_BACK'"
_CONFIRMED: Final = "UPDATE sets SET confirmed = 1 WHERE set_id = ?"
_WAITING: Final = frozenset({PublicationState.HELD_BACK, PublicationState.AWAITING_APPROVAL})


def hold(c: sqlite3.Connection, number: int) -> None:
    """Has every publication of a list wait that would go out by itself."""
    c.execute(_HOLD, (number,))


def hold_on(c: sqlite3.Connection, before: Publication) -> None:
    """Has what is left of a publication wait for whom it waited for before a part of it was read back from the log.

    Args:
        c: of a writing transaction.
        before: the publication, as it was before that.
    """
    if before.state in _WAITING:
        c.execute(_HOLD_ON, (before.state.value, before.id))


def waiting(c: sqlite3.Connection, number: int) -> list[Publication]:
    """Returns the publications of a list that are held, or await a second person, oldest first."""
    return [found for found in publications.of_list(c, number) if found.state in _WAITING]


def release(c: sqlite3.Connection, number: int, found: Publication) -> None:
    """Lets a publication of a list go out that is held.

    Raises:
        RefusedError: WRONG_STATE: it is not held, or is of another list, which nobody has just repaired.
    """
    if not c.execute(_RELEASE, (found.id, number)).rowcount:
        raise RefusedError(Reason.WRONG_STATE, "the publication is not held", state=found.state)


def confirmed(c: sqlite3.Connection, set_id: bytes) -> None:
    """Notes that the log has the confirmation of a change set: nobody is asked for it again."""
    c.execute(_CONFIRMED, (set_id,))
    publications.drop_confirmation(c, set_id)
