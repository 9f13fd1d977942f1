"""Parting: somebody leaves a desk, or is an admin no more, and the desk's keys must be new ones.

A revocation parts as well; so does a certificate in whose place comes one that says less (`View.parted_from_desk`).
Whoever states it makes the keys of the desk at which it acts (`agents/admin.py`). Those of the agency's other desks
follow there, with the next renewal (`agents/renewal.py`) or by hand.

Never does: statements, keys.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from comity.directory import View
from comity.names import agency_of
from comity.workflow.terms import Role

GRACE_MS: Final = 10 * 60_000
"""How long a renewal leaves it to whoever stated the parting to make the new keys."""


def is_behind(view: View, desk: str, now: int) -> bool:
    """Returns whether somebody has parted from a desk since the key that is in force there was published.

    Args:
        view: the directory as it is now.
        desk: `agency/desk`.
        now: Unix milliseconds UTC. A successor that begins later keeps nobody from opening today's mail.
    """
    keys = view.desk_keys(desk)
    begun = [key for key in keys if key.valid_from <= now] or keys
    return bool(begun) and begun[-1].since < view.parted_from_desk(desk)


def is_left_behind(view: View, desk: str, now: int) -> bool:
    """Returns whether a desk is behind and whoever caused it has not made the new key in time.

    Args:
        view: the directory as it is now.
        desk: `agency/desk`.
        now: Unix milliseconds UTC.
    """
    parted = view.stale_since(view.parted_from_desk(desk) - 1) if is_behind(view, desk, now) else None
    return parted is not None and parted * 1000 + GRACE_MS <= now


def desks_behind(view: View, agency: str, now: int) -> list[str]:
    """Returns an agency's desks whose keys must be renewed after a parting, in order."""
    return [desk for desk in view.desks() if agency_of(desk) == agency and is_behind(view, desk, now)]


def has_successor(view: View, desk: str) -> bool:
    """Returns whether a good key was published since somebody last parted from a desk, whenever it begins."""
    parted = view.parted_from_desk(desk)
    return any(key.since > parted and not view.blocked(key.kid) for key in view.desk_keys(desk))


def demotes(view: View, member: str, roles: Collection[Role]) -> bool:
    """Returns whether a certificate with these roles ends that a member is an admin."""
    earlier = view.certificates(member)
    return bool(earlier) and Role.ADMIN in earlier[-1].roles and Role.ADMIN not in roles


def leaves(view: View, member: str, desk: str, desks: Collection[str]) -> bool:
    """Returns whether a certificate for these desks ends that a member works at a desk."""
    earlier = view.certificates(member)
    return bool(earlier) and desk in earlier[-1].desks and desk not in desks
