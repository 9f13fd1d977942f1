"""The times of a header that suits the standard deadline profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comity.names import agency_of
from comity.workflow.clocks import Deadlines
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import Family, Precedence, Verb

STANDARD = standard_profile().sha256
"""What agreements name it by."""


def standard_limits(
    family: Family,
    verb: Verb,
    precedence: Precedence,
    at: int,
    opened: int | None,
    agencies: Mapping[str, tuple[str, str, str, tuple[str, ...]]],
    desks: Sequence[str],
) -> Deadlines:
    """Returns the standard profile's limits; of several recipients those of the one that has longest.

    Args:
        family: of the header.
        verb: of the header.
        precedence: of the header.
        at: when it is made, Unix milliseconds UTC.
        opened: `created` of the leg's opening envelope; None where this is the one.
        agencies: by id, the jurisdiction third.
        desks: the sender, then the recipients.
    """
    own, *others = (agencies[agency_of(desk)][2] if agency_of(desk) in agencies else "" for desk in desks)
    found = [
        standard_profile().deadlines_for(family, verb, precedence, at, opened, answering=other, own=own)
        for other in others
    ]
    return max(found, key=lambda limits: limits.respond_by or 0)
