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

from agents.handlings import handling_of


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
