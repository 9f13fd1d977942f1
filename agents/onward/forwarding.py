"""Under which grant something is passed on: open, this desk's, and as it was signed.

Never does: prove it again; it was when it came.
"""

from __future__ import annotations

from comity.errors import Reason, RefusedError
from comity.header import GrantedBy, parse_granted
from comity.v1 import envelope_pb2

from agents.mailstore import Message
from agents.onward.rows import GrantRow


def refuse_unless_open(grant: GrantRow, desk: str, now: int) -> None:
    """Checks that a grant may still be used by a desk.

    Raises:
        RefusedError: NO_GRANT, with `state`: USED, REVOKED, EXPIRED or OTHER_DESK.
    """
    state = state_of(grant, now)
    if grant.holder != desk:
        state = "OTHER_DESK"
    if state != "OPEN":
        raise RefusedError(Reason.NO_GRANT, "the grant is not open to this desk", state=state)


def state_of(grant: GrantRow, now: int) -> str:
    """Returns how a grant stands: OPEN, USED, REVOKED or EXPIRED."""
    if grant.used_by:
        return "USED"
    if grant.revoked_by:
        return "REVOKED"
    return "EXPIRED" if now > grant.expires else "OPEN"


def granted_by(message: Message) -> GrantedBy:
    """Returns a kept GRANT_ONWARD as a FORWARD carries it."""
    wire = envelope_pb2.Envelope.FromString(message.envelope)
    return parse_granted(wire.header, wire.seal, [(s.kid, int(s.role), s.sig) for s in wire.signatures])
