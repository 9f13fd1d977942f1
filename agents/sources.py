"""What a draft is made of: the messages that it answers or quotes, and how strictly they are to be handled.

An answer is made of what the other side has sent in that case and what is answered: what opened it, what is awaited,
what stands last and what it is about. A quotation is made of whatever is named. What is gone cannot be quoted.

Never does: open a message for a person; lower a handling.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.names import agency_of
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from sqlalchemy import Connection

from agents import mailstore
from agents.contents import Reader
from agents.handlings import check_quoting, narrowed
from agents.mailstore import Message


def answered(c: Connection, read: Reader, desk: str, leg: Leg | None, about: bytes) -> list[pb.Handling]:
    """Returns the handlings of what the other side has said and an answer goes back to, as far as it is kept here.

    Args:
        c: to look with.
        read: opens what is kept.
        desk: this desk.
        leg: that is answered on, None where a case is opened.
        about: the message that it is about, empty where it is about none.
    """
    if leg is None:
        return []
    opening = leg.onward if leg.onward and leg.originator != desk else leg.opening
    hashes = {opening, leg.question, leg.previous, about} - {b""}
    found = [(one, mailstore.message(c, one)) for one in sorted(hashes)]
    theirs = [one for one, message in found if message is not None and not message.outgoing]
    return [payload.handling for one in theirs if (payload := read(c, one)) is not None]


def usual_handling(c: Connection, read: Reader, leg: Leg | None, default: pb.Handling) -> pb.Handling:
    """Returns what holds where nobody says otherwise: in a case what opened it, as far as that is kept here."""
    payload = None if leg is None else read(c, leg.onward or leg.opening)
    return default if payload is None else payload.handling


def handled(
    c: Connection,
    read: Reader,
    wished: pb.Handling | None,
    default: pb.Handling,
    *,
    answers: Sequence[pb.Handling],
    quotes: Sequence[Message],
    to: Sequence[str],
    agreed: bool,
) -> pb.Handling:
    """Returns the handling of a draft: what a person wished, never looser than what it is made of.

    Args:
        c: to look with.
        read: opens what is kept.
        wished: what a person said, None for what follows.
        default: what holds where nobody says otherwise.
        answers: from `answered`.
        quotes: the messages that are quoted.
        to: desks addressed.
        agreed: a person says that whoever is quoted was asked and agreed.

    Raises:
        HandlingLoweredError: a person wished for more than a source permits; the fields are named.
        NotOnwardError: what is quoted may not be said to an addressee.
    """
    quoted: list[pb.Handling] = []
    for message in quotes:
        payload = read(c, message.message_hash)
        if payload is None:
            continue
        quoted.append(payload.handling)
        others = {agency_of(desk) for desk in to} - {message.agency}
        if not message.outgoing:
            check_quoting([payload.handling], sorted(others), agreed=agreed)
    return narrowed(wished, default, [*answers, *quoted])
