"""The action: one verified envelope as the engine sees it from one leg.

`action_of` makes it, so that the hub and the agents read a header alike.

Never does: verify. Its caller did.
"""

from __future__ import annotations

from typing import Protocol

from comity.values import value
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, SignatureRole, Verb


class SignedBy(Protocol):
    """What the engine must know of a member whose signature was verified; `comity.checks.Signer` is one."""

    @property
    def member(self) -> str:
        """`agency/m-xxxxxxxx`."""

    @property
    def roles(self) -> frozenset[Role]:
        """Roles at the directory that counts."""

    @property
    def role(self) -> SignatureRole:
        """In which capacity the member signed."""


@value
class Signer:
    """The plainest SignedBy."""

    member: str
    """`agency/m-xxxxxxxx`."""
    roles: frozenset[Role]
    """Roles at the directory that counts."""
    role: SignatureRole
    """In which capacity the member signed."""


@value
class AboutFacts:
    """What the caller knows of the envelope that `about` names, if that one serves the same leg."""

    sender: str
    """Its sender desk."""
    verb: Verb
    """Its verb."""
    author: str
    """Member id of who signed first."""


@value
class Action:
    """One verified envelope as seen from one leg. Absent times are None; hashes are 32 bytes, empty where absent."""

    family: Family
    """Which table governs it."""
    verb: Verb
    """What it does."""
    case_id: bytes
    """16 bytes."""
    sender: str
    """Sender desk."""
    sender_kind: AgencyKind
    """Kind of the sender's agency."""
    counterpart: str
    """The other desk of the leg."""
    counterpart_kind: AgencyKind
    """Kind of its agency."""
    message_hash: bytes
    """Its own hash."""
    precedence: Precedence
    """How soon a person must look."""
    created: int
    """Unix milliseconds UTC, like all times."""
    deliver_by: int
    """Not delivered after it."""
    signers: tuple[SignedBy, ...]
    """Who signed, in the order of the signatures."""
    respond_by: int | None = None
    """By when the other side must answer."""
    lapses_at: int | None = None
    """When it lapses by itself."""
    previous: bytes = b""
    """Last envelope of the leg."""
    about: bytes = b""
    """The envelope that it confirms, answers, recalls or withdraws."""
    about_facts: AboutFacts | None = None
    """None where `about` is absent, unknown, or an envelope of another leg."""
    granted: bool = False
    """The caller has verified an onward grant and consumes it with this envelope."""

    @property
    def has_approver(self) -> bool:
        """Whether an APPROVER signed."""
        return any(signer.role is SignatureRole.APPROVER for signer in self.signers)


class HeaderFields(Protocol):
    """The fields of `comity.envelope.Header` that the engine reads. Absent times are 0 there."""

    @property
    def family(self) -> Family:
        """Which table governs it."""

    @property
    def verb(self) -> Verb:
        """What it does."""

    @property
    def case_id(self) -> bytes:
        """16 bytes."""

    @property
    def previous(self) -> bytes:
        """32 bytes or empty."""

    @property
    def about(self) -> bytes:
        """32 bytes or empty."""

    @property
    def sender(self) -> str:
        """Sender desk."""

    @property
    def precedence(self) -> Precedence:
        """How soon a person must look."""

    @property
    def created(self) -> int:
        """Unix milliseconds UTC, like all times."""

    @property
    def deliver_by(self) -> int:
        """Required."""

    @property
    def respond_by(self) -> int:
        """0 where absent."""

    @property
    def lapses_at(self) -> int:
        """0 where absent."""


def action_of(
    header: HeaderFields,
    message_hash: bytes,
    signers: tuple[SignedBy, ...],
    *,
    counterpart: str,
    sender_kind: AgencyKind,
    counterpart_kind: AgencyKind,
    about_facts: AboutFacts | None,
    granted: bool = False,
) -> Action:
    """Returns a verified envelope as an action on one of its legs.

    Args:
        header: of the envelope.
        message_hash: of the envelope.
        signers: who signed, with their roles at the directory that counts.
        counterpart: the recipient desk of this leg.
        sender_kind: kind of the sender's agency.
        counterpart_kind: kind of the counterpart's agency.
        about_facts: of the envelope that `about` names; None where it is absent, unknown, or of another leg.
        granted: whether the caller has verified an onward grant and consumes it with this envelope.
    """
    return Action(
        family=header.family,
        verb=header.verb,
        case_id=header.case_id,
        sender=header.sender,
        sender_kind=sender_kind,
        counterpart=counterpart,
        counterpart_kind=counterpart_kind,
        message_hash=message_hash,
        precedence=header.precedence,
        created=header.created,
        deliver_by=header.deliver_by,
        signers=signers,
        respond_by=header.respond_by or None,
        lapses_at=header.lapses_at or None,
        previous=header.previous,
        about=header.about,
        about_facts=about_facts,
        granted=granted,
    )
