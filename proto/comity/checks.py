"""What an envelope must satisfy besides its form: parties, keys, agreement, signatures. Hub and recipient run the same.

The hub runs `check_parties` at its present directory before it queues an envelope, and again under the log's lock if
the directory moved; the recipient runs it at the directory size of the leaf, and a later verifier likewise
(PROTOCOL.md, section "Which moment counts").

Never does: clocks (moments are arguments), workflow (`comity.workflow`), opening (`comity.sealing`).
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.directory.state import View
from comity.envelope import Envelope, Header, signing_bytes
from comity.errors import Reason, RefusedError
from comity.keys import verify
from comity.names import agency_of
from comity.workflow.terms import Role, SignatureRole

DIRECTORY_MAX_AGE_MS = 24 * 3_600_000
"""How long after it was superseded a directory may still be sealed under; the profile shortens it for FLASH."""


@dataclass(frozen=True, slots=True)
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


def check_parties(envelope: Envelope, view: View, now: int, *, opening: bool) -> tuple[Signer, ...]:
    """Checks sender, recipients' keys, agreement and signers against a directory; the signatures come after it.

    Args:
        envelope: its static checks passed.
        view: the directory at the moment that counts.
        now: that moment, Unix milliseconds UTC.
        opening: whether the verb opens a case: only then does the agreement's direction matter.

    Returns:
        The signers, in the order of the signatures.

    Raises:
        RefusedError: NO_AGREEMENT (also for an unknown or suspended agency or desk: they look the same),
            DESK_KEY_STALE, FAMILY_NOT_OFFERED or BAD_SIGNATURE.
    """
    header = envelope.header
    check_agreement(header, view, now, opening=opening)
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


def check_agreement(header: Header, view: View, now: int, *, opening: bool) -> None:
    """Checks that the sender may address every recipient in this family.

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
        agreed = view.agreement(sender, agency, header.family, now)
        if agreed is None and not opening:
            # An answer needs an agreement in the family, whoever may open cases under it.
            agreed = view.agreement(agency, sender, header.family, now)
        if agreed is None or view.suspended(agency):
            raise no_agreement()


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
    """Verifies every signature with libsodium. The slow step: the hub runs it off its event loop.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    for signature, signer in zip(envelope.signatures, signers, strict=True):
        data = signing_bytes(envelope.header_bytes, envelope.seal_bytes, signature.role)
        if not verify(signer.key, data, signature.sig):
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
