"""Handlings between the wire and the rules, and how strict something made out of messages must be.

A message of this desk that answers, quotes or passes on another agency's permits no more than that one did: the floor
is the merge of everything it is made of (`comity.handling`). Where nobody says how it is to be handled the floor holds.

Never does: lower a handling; guess one. What cannot be read counts as nothing said, which is the strictest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comity.errors import ComityError, MalformedError
from comity.handling import (
    EvidentialUse,
    Handling,
    HandlingCode,
    HandlingLoweredError,
    InformationGrade,
    Onward,
    PermittedAction,
    SourceGrade,
    Tlp,
    check_reply,
    lowered,
    may_forward,
    merge,
    merge_all,
    texts,
)
from comity.v1 import payload_pb2 as pb

__all__ = [
    "HandlingLoweredError",
    "NotOnwardError",
    "check_passing",
    "check_quoting",
    "floor_of",
    "handling_of",
    "loosened",
    "narrowed",
    "to_wire",
]


class NotOnwardError(ComityError):
    """What is quoted or passed on may not go to that agency. Nothing was made of it."""


def handling_of(wire: pb.Handling) -> Handling:
    """Returns a handling as the wire carries it.

    Raises:
        MalformedError: a field is not set, or H3 has no text.
    """
    try:
        return _handling_of(wire)
    except ValueError as error:
        raise MalformedError("a handling is not complete") from error


def _handling_of(wire: pb.Handling) -> Handling:
    return Handling(
        tlp=Tlp(wire.tlp),
        code=HandlingCode(wire.code),
        code_texts=texts(wire.code_text),
        source_grade=SourceGrade(wire.source_grade),
        information_grade=InformationGrade(wire.information_grade),
        permitted_action=PermittedAction(wire.permitted_action),
        may_tell_affected=wire.may_tell_affected,
        purposes=frozenset(wire.purposes),
        legal_gateways=texts(wire.legal_gateway),
        evidential_use=EvidentialUse(wire.evidential_use),
        onward=Onward(wire.onward),
        onward_agencies=frozenset(wire.onward_agencies),
        retain_until=wire.retain_until or None,
        review_at=wire.review_at or None,
        original_languages=frozenset(filter(None, [wire.original_language])),
        translators=texts(wire.translator),
    )


def to_wire(handling: Handling) -> pb.Handling:
    """Returns a handling as the wire carries it."""
    return pb.Handling(
        tlp=int(handling.tlp),  # type: ignore[arg-type] # the numbers are the proto's, here and below
        code=int(handling.code),  # type: ignore[arg-type]
        code_text=handling.code_text,
        source_grade=int(handling.source_grade),  # type: ignore[arg-type]
        information_grade=int(handling.information_grade),  # type: ignore[arg-type]
        permitted_action=int(handling.permitted_action),  # type: ignore[arg-type]
        may_tell_affected=handling.may_tell_affected,
        purposes=sorted(handling.purposes),
        legal_gateway=handling.legal_gateway,
        evidential_use=int(handling.evidential_use),  # type: ignore[arg-type]
        onward=int(handling.onward),  # type: ignore[arg-type]
        onward_agencies=sorted(handling.onward_agencies),
        retain_until=handling.retain_until or 0,
        review_at=handling.review_at or 0,
        original_language=handling.original_language,
        translator=handling.translator,
    )


def floor_of(sources: Sequence[pb.Handling]) -> Handling | None:
    """Returns the most that something made out of these messages may permit; None where it is made of none."""
    read = [handling_of(source) for source in sources]
    return merge_all(read[0], read[1:]) if read else None


def narrowed(wished: pb.Handling | None, default: pb.Handling, sources: Sequence[pb.Handling]) -> pb.Handling:
    """Returns the handling of something that is made out of messages.

    Args:
        wished: what a person said, None where nobody said anything.
        default: what holds then, as far as the sources permit it.
        sources: the handlings of what it answers, quotes or passes on.

    Raises:
        HandlingLoweredError: a person wished for more than a source permits; the fields are named.
        MalformedError: a handling is not complete.
    """
    floor = floor_of(sources)
    if floor is None:
        return default if wished is None else wished
    if wished is None:
        return to_wire(merge(floor, handling_of(default)))
    read = handling_of(wished)
    check_reply(floor, read)
    # Grades, languages and translators permit nothing, and are the writer's to say.
    return wished


def loosened(wire: pb.Handling, sources: Iterable[pb.Handling]) -> tuple[str, ...]:
    """Returns the fields in which a message permits more than what it was made of; none where it does not."""
    floor = floor_of(list(sources))
    return () if floor is None else lowered(floor, handling_of(wire))


def check_passing(sources: Iterable[pb.Handling], agencies: Iterable[str], *, granted: bool = False) -> None:
    """Checks that what is passed on may go to every one of these agencies.

    Args:
        sources: the handlings of what is passed on.
        agencies: other than those that it came from, and this one.
        granted: the originator has consented to this very forwarding.

    Raises:
        NotOnwardError: it may not.
    """
    listed = list(agencies)
    for source in sources:
        read = handling_of(source)
        if not all(may_forward(read, agency, granted=granted) for agency in listed):
            raise NotOnwardError("its handling does not let it go to that agency")


def check_quoting(sources: Iterable[pb.Handling], agencies: Iterable[str], *, agreed: bool = False) -> None:
    """Checks that facts of messages may be said, in this desk's own words, to these agencies.

    Where the handling says ASK a person must have asked: silence is no. What says more than ASK nobody can agree to.

    Args:
        sources: the handlings of what is quoted.
        agencies: other than those that it came from, and this one.
        agreed: a person says that whoever it came from was asked and agreed.

    Raises:
        NotOnwardError: it may not be said there.
    """
    listed = list(agencies)
    for source in sources:
        read = handling_of(source)
        asked = agreed and read.onward is Onward.ASK and read.tlp is not Tlp.AMBER_STRICT
        if not all(may_forward(read, agency, granted=asked) for agency in listed):
            raise NotOnwardError("its handling does not let it be said to that agency")
