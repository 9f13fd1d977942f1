"""Onward grants as a batch of the exchange knows them: which are spent, and by what.

A grant is the header of a GRANT_ONWARD that is in the log; its name is that envelope's message hash. It is spent once:
by the FORWARD that uses it, or by the REVOKE_GRANT that takes it back. What was recalled is passed on under none.

Never does: I/O, judge what a grant is good for (`hub/exchange/onward.py`).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from comity.header import GrantedBy


class Passed(NamedTuple):
    """Something that a desk received under a grant."""

    original: bytes
    """Hash of what was passed on."""
    desk: str
    """The new desk."""


class Recalled(NamedTuple):
    """Something that its sender has recalled of one desk."""

    message_hash: bytes
    """Of what was recalled."""
    desk: str
    """Of which it was: a joint envelope is recalled of each by itself."""


def taken_back(granted: GrantedBy, opening: bytes, holder: str, recalled: AbstractSet[Recalled]) -> bool:
    """Returns whether a recall ended a grant: of what it is over, of itself, or of what opened their case.

    Args:
        granted: as the FORWARD carries it.
        opening: hash of what opened the leg of both.
        holder: the desk that passes on.
        recalled: what was recalled.
    """
    grant = granted.header.grant
    names = (granted.message_hash, opening, b"" if grant is None else grant.original_hash)
    return any(Recalled(name, holder) in recalled for name in names)


class Spending(NamedTuple):
    """What spends a grant, in the batch at hand."""

    grant: bytes
    """Hash of the GRANT_ONWARD."""
    by: bytes
    """Hash of the FORWARD or REVOKE_GRANT."""
    passed: Passed | None
    """What was passed on, and to whom; None for REVOKE_GRANT."""
    position: int
    """Of the draft that logs it."""


@dataclass(slots=True)
class Grants:
    """The grants of a batch of envelopes."""

    kept: bool = True
    """False where the database has no place for them: it is at a schema of before."""
    spent: dict[bytes, bytes | None] = field(default_factory=dict)
    """Hash of the FORWARD that used it, of each one that is spent; None where it was revoked."""
    added: list[Spending] = field(default_factory=list)
    """What is new among these."""
    passed: set[Passed] = field(default_factory=set)
    """What has reached new desks, as far as it is asked for."""
    recalled: set[Recalled] = field(default_factory=set)
    """What was recalled, as far as it is asked for: nobody passes it on."""
    newly_recalled: dict[Recalled, int] = field(default_factory=dict)
    """What is new among these, with the draft of the RECALL."""

    def spend(self, spending: Spending) -> None:
        """Remembers that a grant cannot be used any more."""
        self.spent[spending.grant] = None if spending.passed is None else spending.by
        if spending.passed is not None:
            self.passed.add(spending.passed)
        self.added.append(spending)

    def recall(self, recalled: Recalled, position: int) -> None:
        """Remembers that something was recalled: the grants over it that are not used cannot be used any more."""
        if recalled not in self.recalled:
            self.recalled.add(recalled)
            self.newly_recalled[recalled] = position
