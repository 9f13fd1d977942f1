"""One case between two desks at a real hub's core: says verbs in their order, and keeps what the next one needs.

asking = Exchange(core, Family.FREEZE)
await asking.say(Verb.REQUEST)
await asking.stored()
await asking.say(Verb.ACKNOWLEDGE, by="recipient")
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from comity.envelope import parse_envelope
from comity.errors import RefusedError
from comity.header import Grant, GrantedBy, parse_granted
from comity.v1 import envelope_pb2
from comity.workflow.families import TABLES
from comity.workflow.tables import PreviousRule
from comity.workflow.terms import Family, Precedence, Side, Verb

from tests.support.core import Core

HOUR = 3_600_000
ORIGINATOR, HOLDER, THIRD = "sfc/intake", "hkma/intake", "hkpf/cctb"


class NotTakenError(Exception):
    """The hub refused an envelope."""

    def __init__(self, error: RefusedError) -> None:
        super().__init__(str(error.reason))
        self.reason, self.metadata = str(error.reason), error.metadata


@dataclass
class Exchange:
    """A case and one of its legs."""

    core: Core
    family: Family
    originator: str = ORIGINATOR
    recipient: str = HOLDER
    case_id: bytes = field(default_factory=lambda: os.urandom(16))
    opening: bytes = b""
    last: bytes = b""
    opened: int = 0
    said: dict[Verb, bytes] = field(default_factory=dict)
    """Hash of the newest envelope of each verb."""

    def envelope(self, verb: Verb, *, by: str = "originator", **options: Any) -> envelope_pb2.Envelope:
        """Returns an envelope as the next one on the leg. An `about` is a verb that was said, or a hash."""
        mine, other = (self.originator, self.recipient)[:: 1 if by == "originator" else -1]
        side = Side.ORIGINATOR if by == "originator" else Side.RECIPIENT
        rows = [rule for rule in TABLES[self.family].rules if rule.verb is verb]
        rule = next((rule for rule in rows if rule.side is side), rows[0])
        about = options.pop("about", b"")
        now = options.pop("created", self.core.clock.now_ms())
        options.setdefault("previous", self.last if rule.previous is PreviousRule.LAST else b"")
        options.setdefault("precedence", min(rule.precedences, default=Precedence.ROUTINE))
        return self.core.world.envelope(
            self.core.directory.view(),
            mine,
            options.pop("to", [other]),
            verb=verb,
            family=self.family,
            case_id=self.case_id,
            about=self.said[about] if isinstance(about, Verb) else about,
            created=now,
            opened=self.opened or None,
            **options,
        )

    async def say(self, verb: Verb, **options: Any) -> bytes:
        """Submits the next envelope and returns its hash.

        Raises:
            NotTakenError: it was not taken.
        """
        return await self.send(self.envelope(verb, **options))

    async def send(self, envelope: envelope_pb2.Envelope) -> bytes:
        """Submits an envelope of this leg and returns its hash.

        Raises:
            NotTakenError: it was not taken.
        """
        (result,) = await self.core.submit(envelope)
        if isinstance(result, RefusedError):
            raise NotTakenError(result)
        message_hash = self.core.verified(result).event.message_hash
        header = parse_envelope(envelope).header
        if not self.opening:
            self.opening, self.opened, self.last = message_hash, header.created, message_hash
        elif header.previous:
            self.last = message_hash
        self.said[header.verb] = message_hash
        return message_hash

    async def stored(self, verb: Verb | None = None) -> None:
        """Acknowledges the opening, or the newest envelope of a verb, as STORED."""
        world = self.core.world
        ack = world.ack(self.opening if verb is None else self.said[verb], self.recipient, at=self.core.clock.now_ms())
        (result,) = await self.core.acknowledge(ack)
        if isinstance(result, RefusedError):
            raise NotTakenError(result)

    async def row(self, other: str = "") -> dict[str, Any]:
        """Returns the leg's row, or that of the originator's leg with another desk in the same case."""

        def read(connection: Any) -> dict[str, Any]:
            rows = connection.exec_driver_sql("SELECT * FROM legs").mappings().all()
            key = (self.originator, self.case_id, other or self.recipient)
            found = [r for r in rows if (r["originator"], bytes(r["case_id"]), r["recipient"]) == key]
            return dict(found[0]) if found else {}

        return await self.core.db.read(read)


async def granting(core: Core, family: Family = Family.REFERRAL, **terms: Any) -> tuple[Exchange, GrantedBy]:
    """Opens a case, asks for consent to pass its opening on, and gives it; returns the case and the grant.

    Args:
        core: of a world with sfc, hkma and hkpf.
        family: of the case.
        **terms: of the grant that differ: by default hkma may pass the opening on to hkpf within an hour.
    """
    case = Exchange(core, family)
    await case.say(Verb.REFER if family is Family.REFERRAL else Verb.REQUEST)
    await case.stored()
    await case.say(Verb.ASK_ONWARD, by="recipient", about=case.opening)
    return case, await grant(case, **terms)


async def grant(case: Exchange, **terms: Any) -> GrantedBy:
    """Gives consent, as `granting` does, on a case on which it was asked for."""
    known = {
        "id": os.urandom(16),
        "origin": case.core.world.exchange_origin,
        "original_hash": case.opening,
        "holder": case.recipient,
        "new_desk": THIRD,
        "expires": case.core.clock.now_ms() + HOUR,
    }
    envelope = case.envelope(Verb.GRANT_ONWARD, about=Verb.ASK_ONWARD, grant=Grant(**(known | terms)))
    await case.send(envelope)
    return used(envelope)


def used(envelope: envelope_pb2.Envelope) -> GrantedBy:
    """Returns a GRANT_ONWARD as a FORWARD carries it."""
    signatures = [(s.kid, int(s.role), s.sig) for s in envelope.signatures]
    return parse_granted(envelope.header, envelope.seal, signatures)


def onward(case: Exchange, to: str = THIRD, holder: str = "", family: Family | None = None) -> Exchange:
    """Returns the case that the holder opens with a FORWARD."""
    return Exchange(case.core, family or case.family, holder or case.recipient, to)
