"""How several rows become one entry: same account (or transaction), same giver, same category.

`merge` is commutative, associative and idempotent but for the count of rows, so neither the order of rows nor where an
import was interrupted can change what comes out:

* label, actor, reasons: the different ones, in order of their letters, as many as fit; the first `KEPT` are remembered;
* asset, link, text as received: the first in order of letters;
* confidence: the highest level with its kind; action: the most careful; discreet, cluster: where any row says so;
* beginning: the earliest that a row states; end: the latest that a row states, and only where none does the policy's;
* review: the earliest;
* events (`add`, `remove`): the last of each asset counts; the entry is live while one asset is.

Rows of different givers or categories are never merged: each is an assertion of its own.

Never does: I/O.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from comity.encoding import Purpose, digest
from comity.v1 import payload_pb2, watchlist_pb2
from comity.watchlists.entries import ID_BYTES, MAX_VALIDITY

from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.rows import Warned
from agents.sync.importers.words import cut

KEPT: Final = 8
"""Different texts of one kind that are remembered for an entry."""
_EVENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Assertion:
    """What one giver's rows say of one account or transaction, in one category. Times are Unix milliseconds UTC."""

    account: str
    transaction: str
    giver: str
    category: str
    kind: int
    level: int
    action: int
    labels: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    begins: int = 0
    """0 where no row states it."""
    ends: int = 0
    """0 where no row states it."""
    review: int = 0
    discreet: bool = False
    cluster: bool = False
    events: tuple[tuple[str, int, int], ...] = ()
    """Asset, key of its last addition, key of its last removal; a key is time and row."""
    warned: int = 0
    first_row: int = 0
    rows: int = 1

    def to_json(self) -> str:
        """Returns it for storage."""
        return _ENCODE(_VALUES(self))

    @classmethod
    def from_json(cls, text: str) -> Assertion:
        """Returns what was stored."""
        parts = json.loads(text)
        for index in range(7, 13):
            parts[index] = tuple(parts[index])
        parts[18] = tuple((asset, added, removed) for asset, added, removed in parts[18])
        return cls(*parts)


_VALUES: Final = attrgetter(*(field.name for field in fields(Assertion)))
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


def identity(assertion: Assertion) -> bytes:
    """Returns the id of the entry that it belongs to (`comity.watchlists.entries.entry_id`)."""
    subject = assertion.account or assertion.transaction
    parts = (subject.encode(), assertion.giver.encode(), assertion.category.encode())
    return digest(Purpose.WATCHLIST_ENTRY, *parts)[:ID_BYTES]


def event_key(time_ms: int, row: int) -> int:
    """Returns the key that puts events in order: by time, and at one time by row."""
    return time_ms << 32 | row


def _together(left: tuple[str, ...], right: tuple[str, ...], most: int = KEPT) -> tuple[str, ...]:
    return left if left == right else tuple(sorted({*left, *right})[:most])


def _earliest(left: int, right: int) -> int:
    return min(left, right) if left and right else left or right


def merge(left: Assertion, right: Assertion) -> Assertion:
    """Returns what two of the same identity say together."""
    events = {asset: (added, removed) for asset, added, removed in left.events}
    for asset, added, removed in right.events:
        before = events.get(asset, (0, 0))
        events[asset] = (max(before[0], added), max(before[1], removed))
    level, kind = max((left.level, left.kind), (right.level, right.kind))
    return Assertion(
        account=left.account,
        transaction=left.transaction,
        giver=left.giver,
        category=left.category,
        kind=kind,
        level=level,
        action=max(left.action, right.action),
        labels=_together(left.labels, right.labels),
        actors=_together(left.actors, right.actors),
        reasons=_together(left.reasons, right.reasons),
        links=_together(left.links, right.links, 1),
        assets=_together(left.assets, right.assets, 1),
        received=_together(left.received, right.received, 1),
        begins=_earliest(left.begins, right.begins),
        ends=max(left.ends, right.ends),
        review=_earliest(left.review, right.review),
        discreet=left.discreet or right.discreet,
        cluster=left.cluster or right.cluster,
        events=tuple(sorted((asset, *keys) for asset, keys in events.items())[:_EVENTS]),
        warned=left.warned | right.warned,
        first_row=min(left.first_row, right.first_row),
        rows=left.rows + right.rows,
    )


def is_live(assertion: Assertion) -> bool:
    """Tells whether it stands: it is of no list of events, or one of its assets was added after its last removal."""
    return not assertion.events or any(added > removed for _, added, removed in assertion.events)


def _joined(texts: tuple[str, ...], limit: int) -> str:
    out = ""
    for text in texts:
        longer = f"{out}; {text}" if out else text
        if len(longer.encode()) > limit:
            return out or cut(text, limit)
        out = longer
    return out


def _begins(assertion: Assertion, policy: ImportPolicy) -> int:
    if assertion.events:
        return min(added >> 32 for _, added, removed in assertion.events if added > removed)
    return assertion.begins or policy.today


@dataclass(frozen=True, slots=True)
class Desired:
    """An entry as an import would have it."""

    entry_id: bytes
    entry: watchlist_pb2.WatchEntry
    """Complete but for `version`, which depends on the list (`agents.sync.diff`)."""
    dated_from: bool
    """Whether it begins when the file says so; else on the day of the import, or ten years before its end."""
    dated_until: bool
    """Whether the file states the end; else it is the policy's."""
    warned: Warned
    rows: int
    """How many rows say so."""
    first_row: int


def entry_of(entry_id: bytes, assertion: Assertion, policy: ImportPolicy) -> Desired:
    """Returns the entry that a live assertion makes.

    Nothing holds for more than ten years: of a longer time the last ten are taken, of an end further away the next ten.
    """
    warned = Warned(assertion.warned)
    until = assertion.ends or policy.default_until
    if until > policy.today + MAX_VALIDITY:
        until, warned = policy.today + MAX_VALIDITY, warned | Warned.VALIDITY_CUT
    stated = _begins(assertion, policy)
    begins = min(max(stated, until - MAX_VALIDITY), until - 1)
    entry = watchlist_pb2.WatchEntry(
        account=assertion.account,
        transaction=assertion.transaction,
        as_received=assertion.received[0] if assertion.received else "",
        asset=assertion.assets[0] if assertion.assets else "",
        label=_joined(assertion.labels, 200),
        category=assertion.category,
        actor=_joined(assertion.actors, 200),
        giver=assertion.giver,
        source_url=assertion.links[0] if assertion.links else "",
        confidence=payload_pb2.ConfidenceKind.Name(assertion.kind),
        confidence_level=assertion.level,
        why=_joined(assertion.reasons, 500),
        cluster=assertion.cluster,
        valid_from=begins,
        valid_until=until,
        review_at=min(assertion.review, policy.today + MAX_VALIDITY),
        action=payload_pb2.WatchAction.Name(assertion.action),
        discreet=assertion.discreet,
        version=1,
    )
    dated_from = bool(assertion.events or assertion.begins) and begins == stated
    return Desired(entry_id, entry, dated_from, bool(assertion.ends), warned, assertion.rows, assertion.first_row)
