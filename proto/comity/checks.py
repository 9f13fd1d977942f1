"""What an envelope must satisfy besides its form: times, parties, keys, agreement, signatures.

Hub and recipient run the same `check_rules` and `check_parties` at the same moment: the leaf's directory and the leaf's
time, in whole seconds. The hub runs them under the log's lock, where that moment is known; the recipient, and any later
verifier, reads it in the leaf (PROTOCOL.md, section "Which moment counts"). What one takes the other takes.

Never does: read a clock (moments are arguments), move a leg (`comity.workflow.engine`), open (`comity.sealing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from comity.directory.records import Agreement
from comity.directory.state import View
from comity.envelope import Envelope, Header, signing_bytes
from comity.errors import Reason, RefusedError
from comity.grants import check_granted
from comity.keys import verify
from comity.names import agency_of
from comity.values import value
from comity.workflow.clocks import MAX_AGE, MAX_AGE_SECONDED, MAX_DELIVERY, Deadlines, check_times
from comity.workflow.engine import RECALL_VERBS, check_counterparts
from comity.workflow.profiles import load_profile
from comity.workflow.terms import Family, Precedence, Role, SignatureRole, Verb

DIRECTORY_MAX_AGE_MS = 24 * 3_600_000
"""How long after it was superseded a directory may still be sealed under; the profile shortens it for FLASH."""
ENDING_VERBS: Final = frozenset(
    {
        Verb.WITHDRAW,
        Verb.RECALL,
        Verb.ANSWER_RECALL,
        Verb.CLOSE,
        Verb.UNSUBSCRIBE,
        Verb.REVOKE_GRANT,
        Verb.ASK_RELEASE,
        Verb.RELEASE,
    }
)
"""What brings nothing new and ends what was begun: it outlives the agreement, or ending that would block a recall, and
would leave somebody's assets held for ever."""
ONWARD_RECALL_MS: Final = 24 * 3_600_000
"""For how long at least a desk that has no agreement with the originator has to answer its recall."""


@value
class Signer:
    """One person behind an envelope, as the directory knew them at the moment that counts."""

    member: str
    """Member id."""
    kid: bytes
    """Key id of the signing key, 32 bytes."""
    key: bytes
    """Ed25519 public key, 32 bytes."""
    roles: frozenset[Role]
    """Roles at that moment."""
    role: SignatureRole
    """In which capacity they signed."""


def check_rules(
    envelope: Envelope, view: View, now: int, *, opening: bool, opened: int | None, onward: bool = False
) -> None:
    """Checks all that depends on neither keys nor the leg's state: times, directory, desks, the grant, the profile.

    Args:
        envelope: its static checks passed.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC: the leaf's seconds × 1000.
        opening: whether the verb opens a case.
        opened: `created` of the opening envelope of the leg that it serves; None where there is no leg yet.
        onward: whether that leg was made by a used grant (`Leg.onward`): a recall needs no agreement there.

    Raises:
        MalformedError: the number of counterparts is wrong.
        RefusedError: CREATED_IN_FUTURE, CREATED_TOO_OLD, BAD_TIMES, TOO_LATE, DIRECTORY_STALE, NO_GRANT, NO_AGREEMENT,
            FAMILY_NOT_OFFERED, or NOT_FOUND where the agreed profile does not come with this version.
    """
    header = envelope.header
    seconded = any(s.role is SignatureRole.APPROVER for s in envelope.signatures)
    check_times(
        precedence=header.precedence,
        created=header.created,
        deliver_by=header.deliver_by,
        respond_by=header.respond_by or None,
        lapses_at=header.lapses_at or None,
        has_approver=seconded,
        now_ms=now,
    )
    check_directory_age(header, view, now, (MAX_AGE_SECONDED if seconded else MAX_AGE)[header.precedence])
    check_counterparts(header.family, header.verb, header.counterparts, joint=header.joint)
    if header.granted is not None:
        check_granted(header, now)
    check_profile(header, view, now, opening=opening, opened=opened, onward=onward)


def check_profile(
    header: Header, view: View, now: int, *, opening: bool, opened: int | None, onward: bool = False
) -> None:
    """Holds a header's limits against the profile that its sender agreed on with each counterpart.

    Args:
        header: of the envelope.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC.
        opening: whether the verb opens a case.
        opened: as for `check_rules`.
        onward: as for `check_rules`.

    Raises:
        RefusedError: BAD_TIMES, NO_AGREEMENT, FAMILY_NOT_OFFERED or NOT_FOUND, as for `check_rules`.
    """
    given = Deadlines(header.deliver_by, header.respond_by or None, header.lapses_at or None)
    for desk in header.counterparts:
        agency = agency_of(desk)
        if agency == header.sender_agency:
            continue
        try:
            agreed = _agreement(header, view, agency, now, opening=opening)
        except RefusedError:
            if not needs_no_agreement(header, onward=onward):
                raise
            _check_onward_times(header, now)
            continue
        load_profile(agreed.profile_sha256).check_deadlines(
            header.family,
            header.verb,
            header.precedence,
            given,
            created=header.created,
            opened=opened,
            answering=jurisdiction_of(view, agency),
            own=jurisdiction_of(view, header.sender_agency),
        )


def needs_no_agreement(header: Header, *, onward: bool) -> bool:
    """Returns whether an envelope may go between two agencies that agreed on nothing: a recall under a used grant.

    Args:
        header: of the envelope.
        onward: whether the leg that it serves was made by a used grant.
    """
    return onward and header.verb in RECALL_VERBS and not header.blobs


def onward_deadlines(verb: Verb, created: int) -> Deadlines:
    """Returns the limits of a recall, or of its answer, between agencies that agreed on no profile.

    The time to answer counts from the leaf, so that nobody can hold a recall back until it has gone by: here as long
    again is added as a ROUTINE envelope of one person may take to the log.

    Args:
        verb: RECALL or ANSWER_RECALL.
        created: of the header, Unix milliseconds UTC.
    """
    respond_by = created + ONWARD_RECALL_MS + MAX_AGE[Precedence.ROUTINE] if verb is Verb.RECALL else None
    return Deadlines(created + MAX_DELIVERY, respond_by, None)


def _check_onward_times(header: Header, now: int) -> None:
    least = now + ONWARD_RECALL_MS
    if header.verb is Verb.RECALL and 0 < header.respond_by < least:
        raise RefusedError(Reason.BAD_TIMES, "respond_by is sooner than a day after the leaf", limit=str(least))


def jurisdiction_of(view: View, agency: str) -> str:
    """Returns the two letters of an agency's jurisdiction, whose calendar its working days are; empty for none."""
    found = view.agency(agency)
    return "" if found is None else found.jurisdiction


def check_parties(
    envelope: Envelope, view: View, now: int, *, opening: bool, onward: bool = False
) -> tuple[Signer, ...]:
    """Checks sender, recipients' keys, agreement and signers against a directory; the signatures come after it.

    Args:
        envelope: its static checks passed.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC.
        opening: whether the verb opens a case: only then does the agreement's direction matter.
        onward: as for `check_rules`.

    Returns:
        The signers, in the order of the signatures.

    Raises:
        RefusedError: NO_AGREEMENT (also for an unknown or suspended agency or desk: they look the same),
            DESK_KEY_STALE, FAMILY_NOT_OFFERED or BAD_SIGNATURE.
    """
    header = envelope.header
    check_agreement(header, view, now, opening=opening, onward=onward)
    for recipient in header.recipients:
        current = view.desk_key(recipient.desk, now)
        if current is None and recipient.desk != header.sender:
            raise no_agreement()
        if current is None or current.kid != recipient.desk_key_id:
            raise RefusedError(
                Reason.DESK_KEY_STALE,
                "a recipient's desk key is not its current one: refresh the directory and seal again",
                desk=recipient.desk,
                directory_size=str(view.size),
            )
    return tuple(_signer(header, view, now, s.kid, s.role) for s in envelope.signatures)


def check_agreement(header: Header, view: View, now: int, *, opening: bool, onward: bool = False) -> None:
    """Checks that the sender may address every recipient in this family.

    Args:
        header: of the envelope.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC.
        opening: whether the verb opens a case.
        onward: as for `check_rules`.

    Raises:
        RefusedError: NO_AGREEMENT or FAMILY_NOT_OFFERED.
    """
    sender = header.sender_agency
    if not view.may_take(sender, header.family, opening=opening):
        raise RefusedError(Reason.FAMILY_NOT_OFFERED, "this family is not open to the sender")
    for desk in header.counterparts:
        agency = agency_of(desk)
        if agency == sender:
            continue
        if not needs_no_agreement(header, onward=onward):
            _agreement(header, view, agency, now, opening=opening)
        if view.suspended(agency):
            raise no_agreement()


def agreement_for(
    view: View, sender: str, other: str, now: int, *, family: Family, verb: Verb, opening: bool, attached: bool
) -> Agreement:
    """Returns the agreement that governs what one agency sends to another.

    An answer needs one in the family, whoever may open cases under it. An ending verb without attachments needs none
    that still lives: the newest one that there was governs it.

    Args:
        view: the directory at the moment that counts.
        sender: agency.
        other: agency.
        now: that moment, Unix milliseconds UTC.
        family: of the header.
        verb: of the header.
        opening: whether the verb opens a case.
        attached: whether there are attachments.

    Raises:
        RefusedError: NO_AGREEMENT.
    """
    agreed = view.agreement(sender, other, family, now)
    if agreed is None and not opening:
        agreed = view.agreement(other, sender, family, now)
        if agreed is None and verb in ENDING_VERBS and not attached:
            agreed = view.past_agreement(sender, other, family)
    if agreed is None:
        raise no_agreement()
    return agreed


def _agreement(header: Header, view: View, agency: str, now: int, *, opening: bool) -> Agreement:
    return agreement_for(
        view,
        header.sender_agency,
        agency,
        now,
        family=header.family,
        verb=header.verb,
        opening=opening,
        attached=bool(header.blobs),
    )


def no_agreement() -> RefusedError:
    """Returns the one refusal for an absent agreement, an absent desk and an absent agency."""
    return RefusedError(Reason.NO_AGREEMENT, "no agreement covers this desk and family")


def _signer(header: Header, view: View, now: int, kid: bytes, role: SignatureRole) -> Signer:
    record = view.member_key(kid, now)
    if record is None or header.sender not in record.desks:
        raise bad_signature()
    return Signer(record.member, kid, record.sign_key, record.roles, role)


def bad_signature() -> RefusedError:
    """Returns the one refusal for a signature that does not verify and a key that is no live key of the desk."""
    return RefusedError(Reason.BAD_SIGNATURE, "a signature is not by a live key of the sender desk")


def verify_signatures(envelope: Envelope, signers: tuple[Signer, ...]) -> None:
    """Verifies every signature with libsodium, by the keys that `check_parties` found.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    _verify(envelope, [signer.key for signer in signers])


def verify_known_signatures(envelope: Envelope, view: View) -> None:
    """Verifies every signature by the key that its key id names, live or not. Says nothing of who may sign.

    The slow step, apart from the moment that counts: the hub runs it before it knows that moment.

    Raises:
        RefusedError: BAD_SIGNATURE, also where no member ever had the key.
    """
    verify_signatures_by(envelope, view.sign_key)


def verify_signatures_by(envelope: Envelope, key_of: Callable[[bytes], bytes | None]) -> None:
    """Does what `verify_known_signatures` does, without a directory at hand.

    Args:
        envelope: its static checks passed.
        key_of: returns the public half of a signing key by its key id, live or not; None where no member ever had it.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    _verify(envelope, [key_of(s.kid) for s in envelope.signatures])


def _verify(envelope: Envelope, keys: Iterable[bytes | None]) -> None:
    for signature, key in zip(envelope.signatures, keys, strict=True):
        data = signing_bytes(envelope.header_bytes, envelope.seal_bytes, signature.role)
        if key is None or not verify(key, data, signature.sig):
            raise bad_signature()


def check_directory_age(header: Header, view: View, now: int, limit_ms: int) -> None:
    """Checks that the header was sealed under this directory, not too long ago.

    Args:
        header: of the envelope.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC.
        limit_ms: for how long a superseded directory may still be sealed under.

    Raises:
        RefusedError: DIRECTORY_STALE with the present size.
    """
    superseded = view.stale_since(header.directory_size)
    fresh = superseded is None or superseded * 1000 >= now - limit_ms
    if view.root_at(header.directory_size) != header.directory_root or not fresh:
        raise RefusedError(
            Reason.DIRECTORY_STALE,
            "sealed under a directory that is too old or not this one: refresh and seal again",
            directory_size=str(view.size),
        )
