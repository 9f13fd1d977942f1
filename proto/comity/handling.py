"""Handling: what may be done with a message, and how two handlings become one.

On any merge the most restrictive wins, field by field: `merge` is the meet of a lattice (commutative, associative,
idempotent), so neither the order nor the number of merges can loosen anything. A machine never lowers a handling:
`check_reply` refuses a reply, or anything else made out of a message, that permits more than the message did.

Within one handling, too, the most restrictive wins: H1 makes it intelligence only, H2 forbids to pass it on, a list of
nobody is ASK. So a later merge into a higher code loses no effect of a lower one.

Never does: guess. What is not said takes the restrictive default.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from comity.errors import ComityError, MalformedError


class Tlp(IntEnum):
    """Traffic Light Protocol mark, ascending in strictness."""

    CLEAR = 1
    GREEN = 2
    AMBER = 3
    AMBER_STRICT = 4
    RED = 5


class HandlingCode(IntEnum):
    """Limits of use. A higher code wins on merges; what a lower one forbids stays forbidden through its effect."""

    H0 = 1
    """No special code."""
    H1 = 2
    """Not to be used in court: the evidential use is INTELLIGENCE_ONLY."""
    H2 = 3
    """Not to be shared onward: onward is FORBIDDEN."""
    H3 = 4
    """Other, see the text."""


class SourceGrade(IntEnum):
    """Grade of the source, from the best."""

    A = 1
    B = 2
    C = 3
    X = 4


class InformationGrade(IntEnum):
    """Grade of the information, from the best; the member's number is the grade."""

    G1 = 1
    G2 = 2
    G3 = 3
    G4 = 4


class PermittedAction(IntEnum):
    """What the recipient may do with it, from the least."""

    NONE = 1
    CONTACT_FIRST = 2
    INTERNAL = 3
    EXTERNAL_INDIRECT = 4
    EXTERNAL_DIRECT = 5


class EvidentialUse(IntEnum):
    """How it may be used in proceedings, from the least."""

    INTELLIGENCE_ONLY = 1
    WITH_CONSENT = 2
    CERTIFIED = 3


class Onward(IntEnum):
    """Who else may have it, from the fewest."""

    FORBIDDEN = 1
    ASK = 2
    LISTED = 3
    FREE = 4


_SEPARATOR = " | "


def texts(text: str) -> frozenset[str]:
    """Returns the clauses of a text as the wire carries it; none for the empty text."""
    return frozenset(part for part in text.split(_SEPARATOR) if part)


def _joined(clauses: frozenset[str]) -> str:
    return _SEPARATOR.join(sorted(clauses))


@dataclass(frozen=True, slots=True)
class Handling:
    """What may be done with one message or fact. The defaults are what holds where nothing was said."""

    tlp: Tlp = Tlp.AMBER_STRICT
    """How far it may go."""
    code: HandlingCode = HandlingCode.H0
    """Limits of use; H3 exactly where there is a text."""
    code_texts: frozenset[str] = frozenset()
    """H3: the limits in words. All of them hold."""
    source_grade: SourceGrade = SourceGrade.X
    """Grade of the source."""
    information_grade: InformationGrade = InformationGrade.G4
    """Grade of the information."""
    permitted_action: PermittedAction = PermittedAction.NONE
    """What the recipient may do with it."""
    may_tell_affected: bool = False
    """Whether the affected person may be told."""
    purposes: frozenset[str] = frozenset()
    """Purposes it may be used for; empty: for the case it came in, and nothing else."""
    legal_gateways: frozenset[str] = frozenset()
    """Legal gateways, for example `SFO s.378(3)`. The conditions of all of them hold."""
    evidential_use: EvidentialUse = EvidentialUse.INTELLIGENCE_ONLY
    """How it may be used in proceedings."""
    onward: Onward = Onward.ASK
    """Who else may have it."""
    onward_agencies: frozenset[str] = frozenset()
    """LISTED: the agencies."""
    retain_until: int | None = None
    """Unix milliseconds UTC after which it is to be deleted; None where no limit is set."""
    review_at: int | None = None
    """Unix milliseconds UTC at which keeping it is to be reviewed; None where no review is set."""
    original_languages: frozenset[str] = frozenset()
    """BCP 47 tags of the originals' languages."""
    translators: frozenset[str] = frozenset()
    """Who translated, where anything is a translation."""

    def __post_init__(self) -> None:
        """Lets the most restrictive of its own fields win.

        Raises:
            MalformedError: H3 without a text.
        """
        if self.code_texts:
            object.__setattr__(self, "code", HandlingCode.H3)
        elif self.code is HandlingCode.H3:
            raise MalformedError("handling code H3 needs a text")
        if self.code is HandlingCode.H1:
            object.__setattr__(self, "evidential_use", EvidentialUse.INTELLIGENCE_ONLY)
        if self.code is HandlingCode.H2:
            object.__setattr__(self, "onward", Onward.FORBIDDEN)
        if self.onward is not Onward.LISTED:
            object.__setattr__(self, "onward_agencies", frozenset())
        elif not self.onward_agencies:
            object.__setattr__(self, "onward", Onward.ASK)

    @property
    def code_text(self) -> str:
        """The H3 texts as the wire carries them, the same text every time."""
        return _joined(self.code_texts)

    @property
    def legal_gateway(self) -> str:
        """The gateways as the wire carries them, the same text every time."""
        return _joined(self.legal_gateways)

    @property
    def original_language(self) -> str:
        """The language as the wire carries it; `mul` (ISO 639: multiple languages) where there are several."""
        return "mul" if len(self.original_languages) > 1 else "".join(self.original_languages)

    @property
    def translator(self) -> str:
        """The translators as the wire carries them, the same text every time."""
        return _joined(self.translators)


DEFAULT = Handling()
"""What holds where nothing was said."""


class HandlingLoweredError(ComityError):
    """Something permits more than what it was made of."""

    fields: tuple[str, ...]

    def __init__(self, fields: tuple[str, ...]) -> None:
        """Takes the names of the fields that permit more; no values."""
        super().__init__("the handling permits more than the original's in: " + ", ".join(fields))
        self.fields = fields


def _earlier(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return a if b is None else b
    return min(a, b)


def _onward(a: Handling, b: Handling) -> tuple[Onward, frozenset[str]]:
    if a.onward is Onward.LISTED and b.onward is Onward.LISTED:
        return Onward.LISTED, a.onward_agencies & b.onward_agencies
    stricter = a if a.onward < b.onward else b
    return stricter.onward, stricter.onward_agencies


def merge(a: Handling, b: Handling) -> Handling:
    """Returns the handling of something made of two things: in each field the most restrictive.

    Purposes and listed agencies are those of both; limits in words, gateways, languages and translators add up; the
    earlier date counts; grades are the worse ones.
    """
    onward, agencies = _onward(a, b)
    return Handling(
        tlp=max(a.tlp, b.tlp),
        code=max(a.code, b.code),
        code_texts=a.code_texts | b.code_texts,
        source_grade=max(a.source_grade, b.source_grade),
        information_grade=max(a.information_grade, b.information_grade),
        permitted_action=min(a.permitted_action, b.permitted_action),
        may_tell_affected=a.may_tell_affected and b.may_tell_affected,
        purposes=a.purposes & b.purposes,
        legal_gateways=a.legal_gateways | b.legal_gateways,
        evidential_use=min(a.evidential_use, b.evidential_use),
        onward=onward,
        onward_agencies=agencies,
        retain_until=_earlier(a.retain_until, b.retain_until),
        review_at=_earlier(a.review_at, b.review_at),
        original_languages=a.original_languages | b.original_languages,
        translators=a.translators | b.translators,
    )


def merge_all(first: Handling, others: Iterable[Handling]) -> Handling:
    """Returns the merge of one handling and any number of others."""
    for other in others:
        first = merge(first, other)
    return first


_PROTECTIVE = (
    "tlp",
    "code",
    "code_texts",
    "permitted_action",
    "may_tell_affected",
    "purposes",
    "legal_gateways",
    "evidential_use",
    "onward",
    "onward_agencies",
    "retain_until",
    "review_at",
)


def lowered(original: Handling, made_of_it: Handling) -> tuple[str, ...]:
    """Returns the fields in which something permits more than what it was made of, in their order.

    Grades, languages and translators are left out: they describe the text itself, and permit nothing.
    """
    floor = merge(original, made_of_it)
    return tuple(name for name in _PROTECTIVE if getattr(floor, name) != getattr(made_of_it, name))


def check_reply(original: Handling, reply: Handling) -> None:
    """Checks that a reply, an extract or a forwarded copy does not permit more than the original.

    Raises:
        HandlingLoweredError: it does, with the names of the fields.
    """
    fields = lowered(original, reply)
    if fields:
        raise HandlingLoweredError(fields)


def may_forward(handling: Handling, agency: str, *, granted: bool = False) -> bool:
    """Returns whether it may be passed on to another agency.

    FORBIDDEN (so also H2) and RED never; the originator would have to send it anew. AMBER+STRICT stays within the
    agency unless the originator granted it. Otherwise a grant, FREE, or a listed agency.

    Args:
        handling: of what is to be passed on.
        agency: id of the new recipient's agency.
        granted: the originator has consented to this very forwarding.
    """
    if handling.onward is Onward.FORBIDDEN or handling.tlp is Tlp.RED:
        return False
    if granted:
        return True
    if handling.tlp is Tlp.AMBER_STRICT:
        return False
    return handling.onward is Onward.FREE or agency in handling.onward_agencies
