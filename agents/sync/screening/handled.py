"""What may be done with a hit: the list's handling and the entry's, the most restrictive of both in every field.

Never does: loosen anything. What cannot be read counts as nothing said, which is the strictest.
"""

from __future__ import annotations

from functools import lru_cache

from comity.errors import MalformedError
from comity.handling import DEFAULT, Handling, merge
from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2 as wl
from google.protobuf.message import DecodeError

from agents.sync.exporters.policy import handling_of


@lru_cache(maxsize=64)  # one a list
def of_list(data: bytes) -> Handling:
    """Returns the handling that a list was offered under; the strictest where none is known."""
    try:
        return handling_of(pb.Handling.FromString(data)) if data else DEFAULT
    except (DecodeError, MalformedError):
        return DEFAULT


def of_entry(listed: Handling, entry: wl.WatchEntry) -> Handling:
    """Returns the handling of an entry: the list's, narrowed by its own where it has one."""
    if not entry.HasField("handling"):
        return listed
    try:
        return merge(listed, handling_of(entry.handling))
    except MalformedError:
        return merge(listed, DEFAULT)


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
