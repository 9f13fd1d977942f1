"""A message as the rules of content see it: what the hub cannot see and both sides' agents hold alike.

Each family's package has its rules, as functions of these types; `agents/contentrules.py` enters them and runs them.

Never does: decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.directory import View
from comity.envelope import Header
from comity.v1.payload_pb2 import Payload
from comity.workflow.actions import SignedBy
from comity.workflow.legs import Leg
from sqlalchemy import Connection

from agents.errors import ContentRefusedError

__all__ = ["ContentRefusedError", "Forget", "Judge", "Reader", "Said", "Seconds", "Take", "Taking", "nothing_kept"]


Reader = Callable[[Connection, bytes], Payload | None]
"""Returns what a kept message says, by its hash; None where it is not kept or does not open."""


def nothing_kept(_c: Connection, _message_hash: bytes) -> Payload | None:
    """The reader of a home that keeps nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Said:
    """A message as its content is judged, on one leg."""

    header: Header
    """Of a draft the one that is about to be sealed."""
    payload: Payload
    """Complete (`comity.payload.gaps`)."""
    leg: Leg | None
    """Before the message; None where it opens one."""
    signers: tuple[SignedBy, ...]
    """Who signed; of a draft its author, and a second person where two are needed, though none has signed yet."""
    now: int
    """The leaf's time; of a draft this computer's. Unix milliseconds UTC."""
    view: View | None = None
    """The directory that counts: the leaf's; of a draft the newest."""
    index: int | None = None
    """Place in the log; None for a draft: all that is logged stands before it."""
    read: Reader = nothing_kept
    """Opens what this home keeps of the case: rules that add up need what was said before."""
    message_hash: bytes = b""
    """Of what came by the feed; empty of a draft."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A message that counts, on its way into the store: this desk's own once it is in the log, or one received."""

    header: Header
    message_hash: bytes
    payload: Payload
    before: Leg | None
    """The leg before it, None where it opened one."""
    after: Leg
    """The leg after it."""
    outgoing: bool
    """This desk sent it."""
    time: int
    """The leaf's time, Unix milliseconds UTC."""


Judge = Callable[[Connection, Said], None]
"""Raises ContentRefusedError where a message breaks one of its rules; passes over what is none of its own."""
Seconds = Callable[[Connection, Said], bool]
"""Returns whether content asks for two people where the hub's minimum is one."""
Take = Callable[[Connection, Taking], None]
"""Keeps what follows from a message, in the transaction that stores it. Must not fail."""
Forget = Callable[[Connection, bytes], None]
"""Forgets what was kept of a message's content, by its hash, in the transaction that destroys it after a recall."""
