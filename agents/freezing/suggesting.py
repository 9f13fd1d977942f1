"""Who may hold an account, and which desk has power there: out of the agency's own watchlists and the directory.

A suggestion, with where it comes from beside it. The duty officer decides; a wrong desk costs the time there is not.

Never does: choose, ask a network.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from comity.directory import View
from comity.names import agency_of
from comity.workflow.terms import AgencyKind, Family

from agents.sync.screening.reading import FILE, ScreeningReader, ScreeningStoreError
from agents.sync.screening.screening import Query, Screener

_MOST: Final = 8
_HOLDERS: Final = frozenset({AgencyKind.HOLDER, AgencyKind.ISSUER})
_NO_ONE: Final = frozenset({"", "unspecified", "unknown"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A holder, a desk, or both."""

    holder: str
    """Who holds the account, as a list has it; empty where none says so."""
    desk: str
    """The desk that has power there and can be asked now; empty where none is known."""
    source: str
    """Where it comes from: a list's title, or empty where it is the directory alone."""


def suggest(home: Path, account: str, view: View, agency: str, now: int) -> list[Suggestion]:
    """Returns who may hold an account and which desk may be asked, the best first.

    Args:
        home: whose screening store is looked into, where there is one.
        account: canonical CAIP-10.
        view: the directory.
        agency: this one.
        now: Unix milliseconds UTC.
    """
    open_desks = freeze_desks(view, agency, now)
    found = [
        Suggestion(holder, _desk_of(view, holder, owner, open_desks), title)
        for holder, owner, title in _named(home, account)
    ]
    told = list(dict.fromkeys(found))
    named = {suggestion.desk for suggestion in told}
    return [*told, *(Suggestion("", desk, "") for desk in open_desks if desk not in named)][:_MOST]


def freeze_desks(view: View, agency: str, now: int) -> list[str]:
    """Returns every desk of another agency that this one may ask to hold assets now."""
    return [
        desk
        for desk in sorted(view.desks())
        if agency_of(desk) != agency
        and view.agreement(agency, agency_of(desk), Family.FREEZE, now) is not None
        and view.desk_key(desk, now) is not None
    ]


def _named(home: Path, account: str) -> Iterable[tuple[str, str, str]]:
    """Yields who is said to be behind an account, which desk says so, and in which list."""
    path = home / FILE
    if not path.exists():
        return
    try:
        with closing(ScreeningReader.open(path)) as reader:
            (result,) = Screener(reader, in_memory=False).screen([Query(account)]).results
    except ScreeningStoreError:
        return  # a store that cannot be read suggests nothing; `comity screen` says why
    for assertion in result.assertions:
        holder = next(
            (name for name in (assertion.entry.actor, assertion.entry.label) if name.lower() not in _NO_ONE), ""
        )
        yield holder, assertion.held.key.owner, assertion.held.terms.title


def _desk_of(view: View, holder: str, owner: str, open_desks: list[str]) -> str:
    """Returns the holder's own desk where it is a member, else that of the list's owner where it may be asked."""
    wanted = holder.casefold().strip()
    for desk in open_desks:
        record = view.agency(agency_of(desk))
        if record is not None and record.kind in _HOLDERS and wanted:
            names = {record.agency, record.name_en.casefold(), record.name_zh}
            if wanted in names:
                return desk
    return owner if owner in open_desks else ""
