"""Onward consent: whether a FORWARD is covered by the grant that it carries, and who stands behind that.

A grant is the header of the GRANT_ONWARD envelope itself, so that two people of the originator sign it once. The hub
knows that envelope by its message hash and lets it be used once; the new desk, which never saw it, verifies its
signatures and its receipt (PROTOCOL.md, section "Onward consent").

Never does: know what was used or revoked. The log does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comity.directory.state import View
from comity.envelope import signing_bytes
from comity.errors import Reason, RefusedError
from comity.header import Grant, GrantedBy, Header
from comity.keys import verify
from comity.workflow.actions import Signer
from comity.workflow.engine import onward_leg
from comity.workflow.legs import Leg
from comity.workflow.onward import PASSABLE, PROVISIONAL
from comity.workflow.signers import check_people
from comity.workflow.tables import ORDINARY, People
from comity.workflow.terms import Family, Verb


def check_granted(forward: Header, now_ms: int) -> Grant:
    """Checks that the grant which a FORWARD carries is for it: this hub, family, holder, new desk and time.

    Args:
        forward: its header.
        now_ms: the leaf's time, Unix milliseconds UTC.

    Returns:
        What was granted.

    Raises:
        RefusedError: NO_GRANT.
    """
    granted = forward.granted
    if granted is None or granted.header.grant is None:
        raise no_grant()
    given, grant = granted.header, granted.header.grant
    fits = (
        (given.origin, given.family) == (forward.origin, forward.family)
        and grant.holder == forward.sender
        and forward.counterparts == (grant.new_desk,)
    )
    if not fits or now_ms > grant.expires:
        raise no_grant()
    return grant


def check_original(
    granted: GrantedBy,
    *,
    message_hash: bytes,
    sender: str,
    counterparts: Sequence[str],
    family: Family,
    case_id: bytes,
    verb: Verb,
) -> None:
    """Checks that an envelope is the one that was granted: the originator's own, sent to the holder, on that leg.

    Args:
        granted: as the FORWARD carries it.
        message_hash: of the envelope, as all that follows.
        sender: desk.
        counterparts: its recipients but the sender.
        family: of its header.
        case_id: of its header.
        verb: of its header. A FORWARD is passed on by nobody: it holds what another originator granted for one desk.
            Nor is what one person opened a leg with: only the full form is.

    Raises:
        RefusedError: NO_GRANT.
    """
    given, grant = granted.header, granted.header.grant
    if (
        grant is None
        or verb not in PASSABLE - PROVISIONAL
        or grant.holder not in counterparts
        or (message_hash, sender, family, case_id) != (grant.original_hash, given.sender, given.family, given.case_id)
    ):
        raise no_grant()


def verify_granted(granted: GrantedBy, key_of: Callable[[bytes], bytes | None]) -> None:
    """Verifies the two signatures on a grant. Says nothing of who may sign; `check_grantors` does.

    Args:
        granted: as the FORWARD carries it.
        key_of: returns the public half of a signing key by its key id; None where no member ever had it.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    for signature in granted.signatures:
        key = key_of(signature.kid)
        data = signing_bytes(granted.header_bytes, granted.seal_bytes, signature.role)
        if key is None or not verify(key, data, signature.sig):
            raise _bad_signature()


def check_grantors(granted: GrantedBy, view: View, now: int) -> tuple[Signer, ...]:
    """Checks that two people of the originator's desk who might grant it did, as their directory knew them then.

    Args:
        granted: as the FORWARD carries it.
        view: the directory at the leaf of the GRANT_ONWARD.
        now: that leaf's time, Unix milliseconds UTC.

    Returns:
        AUTHOR and APPROVER.

    Raises:
        RefusedError: BAD_SIGNATURE, WRONG_ROLE or SECOND_PERSON_MISSING.
    """
    desk = granted.header.sender
    keys: dict[bytes, bytes] = {}
    people: list[Signer] = []
    for signature in granted.signatures:
        record = view.member_key(signature.kid, now)
        if record is None or desk not in record.desks:
            raise _bad_signature()
        keys[signature.kid] = record.sign_key
        people.append(Signer(record.member, record.roles, signature.role))
    check_people(people, desk, People.TWO, ORDINARY, verb=Verb.GRANT_ONWARD.name)
    verify_granted(granted, keys.get)
    return tuple(people)


def leg_made_by(forward: Header, forward_hash: bytes) -> Leg:
    """Returns the leg that the use of a grant makes between the originator and the new desk, for a recall.

    Args:
        forward: header of the FORWARD; `check_granted` took it.
        forward_hash: its message hash.

    Raises:
        RefusedError: NO_GRANT where it carries none.
    """
    granted = forward.granted
    if granted is None or granted.header.grant is None:
        raise no_grant()
    return onward_leg(
        family=granted.header.family,
        originator=granted.header.sender,
        case_id=granted.header.case_id,
        original_hash=granted.header.grant.original_hash,
        recipient=granted.header.grant.new_desk,
        opened=forward.created,
        deliver_by=forward.deliver_by,
        forward_hash=forward_hash,
    )


def recallable(made: Leg, there: Leg | None) -> bool:
    """Returns whether the originator can recall from the new desk what a FORWARD brings there; else NO_GRANT.

    Args:
        made: by the use of the grant, see `leg_made_by`.
        there: the leg of that case between these two desks, whichever opened it; None where there is none. It takes
            the place of the one that is made: where the new desk opened it, or it is of another family, no recall of
            the originator's runs on it.
    """
    return there is None or (there.originator, there.family) == (made.originator, made.family)


def _bad_signature() -> RefusedError:
    return RefusedError(Reason.BAD_SIGNATURE, "a signature on the grant is not by a live key of the originator's desk")


def no_grant() -> RefusedError:
    """Returns the one refusal for a grant that is absent, another's, over, used or revoked."""
    return RefusedError(Reason.NO_GRANT, "no unused grant covers this forwarding", verb=Verb.FORWARD.name)
