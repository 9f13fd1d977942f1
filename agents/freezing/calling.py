"""The call-back before assets are released: whom to call, and whether it was that number that was called.

The number is the directory's, always. A message may hold a number that its forger answers; so none is taken from a
message, shown beside the directory's, or offered to be called.

Never does: telephone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comity.directory import View
from comity.v1 import payload_pb2 as pb

from agents.errors import ContentRefusedError

MOST_AGE_MS: Final = 24 * 3_600_000
"""How long before a release the call may have been, milliseconds."""
_AHEAD_MS: Final = 120_000


class NoContactError(ContentRefusedError):
    """The directory has no duty contact of that desk: its admin publishes one, or nothing is released."""


@dataclass(frozen=True, slots=True)
class DutyContact:
    """Whom to call."""

    desk: str
    telephone: str
    """E.164, as the directory has it."""
    hours: str
    languages: tuple[str, ...]


def duty_contact(view: View, desk: str) -> DutyContact:
    """Returns a desk's duty contact.

    Raises:
        NoContactError: the directory has none.
    """
    found = view.contact(desk)
    if found is None:
        raise NoContactError("NO_DUTY_CONTACT", "call_back.telephone", "the directory has no duty contact of that desk")
    return DutyContact(desk, found.telephone, found.hours, found.languages)


def call_back(view: View, desk: str, *, spoken_to: str, called_at: int, confirmed: bool = True) -> pb.CallBack:
    """Returns the record of a call that was made. There is no way to hand in a number.

    Args:
        view: the directory.
        desk: the other side's.
        spoken_to: with whom.
        called_at: Unix milliseconds UTC.
        confirmed: whether the other side confirms that the release is meant.

    Raises:
        NoContactError: the directory has no number.
    """
    result = pb.CALL_BACK_RESULT_CONFIRMED if confirmed else pb.CALL_BACK_RESULT_DENIED
    number = duty_contact(view, desk).telephone
    return pb.CallBack(desk=desk, telephone=number, called_at=called_at, spoken_to=spoken_to, result=result)


def check_call_back(
    view: View, desk: str, call: pb.CallBack, *, path: str, created: int, since: int, ordered: bool = False
) -> None:
    """Checks a call-back in a message or draft.

    Args:
        view: the directory that counts.
        desk: the desk that had to be called.
        call: what is said of it.
        path: of the field, for the refusal.
        created: when the message was sealed, Unix milliseconds UTC.
        since: when what is answered was sealed; an earlier call was about something else. 0 where nothing is.
        ordered: a court orders it: the other side was called, whatever it said.

    Raises:
        ContentRefusedError: another desk or number, too old, of the future, or not confirmed.
    """
    if call.desk != desk:
        raise ContentRefusedError("WRONG_CALL_BACK", f"{path}.desk", "is not the desk that had to be called")
    if call.telephone != duty_contact(view, desk).telephone:
        raise ContentRefusedError("WRONG_CALL_BACK", f"{path}.telephone", "is not the directory's duty telephone")
    if not max(since - _AHEAD_MS, created - MOST_AGE_MS) <= call.called_at <= created + _AHEAD_MS:
        raise ContentRefusedError("WRONG_CALL_BACK", f"{path}.called_at", "is no time between the request and now")
    if call.result != pb.CALL_BACK_RESULT_CONFIRMED and not ordered:
        raise ContentRefusedError("WRONG_CALL_BACK", f"{path}.result", "does not confirm it: nothing is released")
