"""What may leave as a file: the handling decides, and everything that stays is counted by a code.

A file is no longer held by the machine that made it. So what only named persons may read (RED), what goes no further
(FORBIDDEN, H2), what may only be read, and what nobody may notice (`discreet`) never becomes one. With a named agency
the file is a forwarding, ruled as every forwarding is (`comity.handling.may_forward`). Without one it is for the
agency's own systems.

An entry that is not in force here and now stays, too: another system would not know that it was suspended, and an
urgent one that nobody has confirmed may lapse within the hour.

Never does: lower a handling, guess one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from comity.errors import ComityError
from comity.handling import Handling, Onward, PermittedAction, Tlp, may_forward
from comity.v1 import watchlist_pb2 as wl


class Withheld(StrEnum):
    """Why a list or an entry stays."""

    RED = "RED"
    """For named persons only."""
    NOT_ONWARD = "NOT_ONWARD"
    """It goes no further: FORBIDDEN or H2."""
    READ_ONLY = "READ_ONLY"
    """Nothing beyond reading is permitted."""
    RETENTION_OVER = "RETENTION_OVER"
    """It was to be deleted by now."""
    NOT_FOR_AGENCY = "NOT_FOR_AGENCY"
    """Its handling does not let it go to that agency."""
    DISCREET = "DISCREET"
    """Nobody outside may notice that it is listed."""
    SUSPENDED = "SUSPENDED"
    """Its owner suspended it, or nobody confirmed it in time."""
    UNCONFIRMED = "UNCONFIRMED"
    """One person signed it and the second has not yet confirmed."""
    EXPIRED = "EXPIRED"
    """Its time is over."""


class ExportRefusedError(ComityError):
    """None of the lists may leave. Nothing was written."""

    withheld: tuple[Withheld, ...]

    def __init__(self, withheld: tuple[Withheld, ...]) -> None:
        """Takes the code of each list, in their order."""
        super().__init__("the handling does not allow this export")
        self.withheld = withheld


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom a file is for."""

    own: str
    """The agency that exports."""
    to: str = ""
    """The agency that is to have it; empty for the own one's systems."""

    def withheld(self, handling: Handling, owner: str, now_ms: int) -> Withheld | None:
        """Returns why something with this handling stays, None where it may go.

        Args:
            handling: the list's, or the list's merged with an entry's.
            owner: agency that owns the list; it consents to what it exports itself.
            now_ms: Unix milliseconds UTC.
        """
        if handling.retain_until is not None and handling.retain_until <= now_ms:
            return Withheld.RETENTION_OVER
        if handling.tlp is Tlp.RED:
            return Withheld.RED
        if handling.onward is Onward.FORBIDDEN:
            return Withheld.NOT_ONWARD
        if handling.permitted_action is PermittedAction.NONE:
            return Withheld.READ_ONLY
        elsewhere = self.to not in ("", self.own)
        if elsewhere and not may_forward(handling, self.to, granted=owner == self.own):
            return Withheld.NOT_FOR_AGENCY
        return None


def standing(record: wl.WatchRecord, now_ms: int) -> Withheld | None:
    """Returns why a record stays whatever its handling, None where it is in force or will be.

    Args:
        record: of the list.
        now_ms: Unix milliseconds UTC.
    """
    if record.entry.discreet:
        return Withheld.DISCREET
    if record.suspended:
        return Withheld.SUSPENDED
    if record.set_id:
        return Withheld.SUSPENDED if record.provisional_until <= now_ms else Withheld.UNCONFIRMED
    return Withheld.EXPIRED if record.entry.valid_until <= now_ms else None
