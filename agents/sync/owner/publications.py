"""Publications: what one person signed in one go, and a second one where two are needed.

A publication is one change set or many: an import of a whole register is cut into sets of bounded size, all signed by
one author and all approved by one second person, over one digest. What is signed is stored as it was signed; what goes
out is what people saw.

Never does: publish (`agents/sync/owner/publisher.py`), network.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from typing import Any, Final

from comity.directory import View
from comity.encoding import serialise
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.v1 import envelope_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    BULK,
    confirmation_signed_bytes,
    encode_change_set,
    encode_confirmation,
    parse_change_set,
    people_needed,
    signed_bytes,
)
from comity.watchlists.changes import ALONE, changes_of
from comity.workflow.terms import Role, SignatureRole

from agents.errors import NotUniqueError
from agents.keys import Keys, KeyUse, find
from agents.sync.owner import lists
from agents.sync.owner.cutting import ID_BYTES, Change, cut
from agents.sync.owner.lists import ListRow
from agents.sync.owner.store import OwnerStore

_AUTHOR: Final = envelope_pb2.SIGNATURE_ROLE_AUTHOR
_APPROVER: Final = envelope_pb2.SIGNATURE_ROLE_APPROVER
_PUT: Final = (
    "INSERT INTO publications (id, list, state, author, approver, created, urgent, people, digest, summary, note,"
    " sequence) VALUES (?, ?, ?, ?, '', ?, 0, 0, x'', '{}', ?, 0)"
)
_SIGNED: Final = "UPDATE publications SET state = ?, urgent = ?, people = ?, digest = ?, summary = ? WHERE id = ?"
_ALL: Final = "SELECT * FROM publications WHERE list = ? AND state != 'SIGNING' ORDER BY created, id"
_BY_STATE: Final = "SELECT * FROM publications WHERE list = ? AND state = ? ORDER BY created, id"
_EVERY: Final = "SELECT * FROM publications WHERE state != 'SIGNING' ORDER BY created, id"
_APPROVED: Final = "UPDATE publications SET state = ?, approver = ? WHERE id = ?"
_SET_STATE: Final = "UPDATE publications SET state = ?, sequence = max(sequence, ?) WHERE id = ?"
_PUT_SET: Final = (
    "INSERT INTO sets (set_id, publication, number, signed, state, confirmed, provisional_until)"
    " VALUES (?, ?, ?, ?, 'WAITING', 0, 0)"
)
_SETS: Final = "SELECT set_id, signed, state, provisional_until FROM sets WHERE publication = ? ORDER BY number"
_WAITING_SETS: Final = "SELECT set_id, signed FROM sets WHERE publication = ? AND state = 'WAITING' ORDER BY number"
_SIGN_SET: Final = "UPDATE sets SET signed = ? WHERE set_id = ?"
_SET_DONE: Final = "UPDATE sets SET state = ?, provisional_until = ? WHERE set_id = ?"
_OF_SET: Final = "SELECT p.* FROM publications p JOIN sets ON sets.publication = p.id WHERE sets.set_id = ?"
_UNCONFIRMED: Final = (
    "SELECT set_id FROM sets WHERE publication = ? AND state = 'PUBLISHED' AND provisional_until > 0"
    " AND confirmed = 0 ORDER BY number"
)
_CONFIRMED: Final = "UPDATE sets SET confirmed = 1 WHERE set_id = ?"
_PUT_CONFIRMATION: Final = "INSERT OR REPLACE INTO confirmations (set_id, list, signed) VALUES (?, ?, ?)"
_CONFIRMATIONS: Final = "SELECT set_id, signed FROM confirmations WHERE list = ? ORDER BY set_id"
_DROP_CONFIRMATION: Final = "DELETE FROM confirmations WHERE set_id = ?"
_FORGET_SETS: Final = (
    "DELETE FROM sets WHERE publication IN (SELECT id FROM publications WHERE created < ?"
    " AND state IN ('PUBLISHED', 'STALE', 'DISCARDED', 'SIGNING'))"
)
_FORGET: Final = (
    "DELETE FROM publications WHERE created < ? AND state IN ('PUBLISHED', 'STALE', 'DISCARDED', 'SIGNING')"
)


class PublicationState(StrEnum):
    """Where a publication stands."""

    SIGNING = "SIGNING"
    """It is being signed by its author, or that was cut off: nothing of it ever goes out."""
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    """A second person must sign."""
    READY = "READY"
    """It has every signature, and goes out with the next batches."""
    HELD_BACK = "HELD_BACK"
    """Ready in an older copy of this home that was put back: a person lets it go on, or takes it back."""
    PUBLISHED = "PUBLISHED"
    """All of it is in the list."""
    STALE = "STALE"
    """Some of it fits the list no more: the entries were changed meanwhile, or its 14 days are over."""
    DISCARDED = "DISCARDED"
    """Taken back before it was published."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What one person signed in one go."""

    id: bytes
    list: int
    state: PublicationState
    author: str
    approver: str
    created: int
    urgent: bool
    people: int
    """How many must sign, 1 or 2."""
    digest: bytes
    """SHA-256 over every change set's bytes: what the second person signs is what was shown under it."""
    summary: dict[str, Any]
    """Counts, for people."""
    note: str
    sequence: int
    """Last batch that carried some of it; 0 before."""


def create(
    store: OwnerStore,
    row: ListRow,
    changes: Iterable[Change],
    *,
    keys: Keys,
    desk: str,
    now: int,
    urgent: bool = False,
    note: str = "",
    summary: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Publication:
    """Cuts changes into sets, signs each as its author, and keeps them; other writers have their turn in between.

    Args:
        store: of the home.
        row: the list.
        changes: in ascending order of their entry ids, none twice; read once.
        keys: of the author.
        desk: that owns the list; its name is signed.
        now: Unix milliseconds UTC.
        urgent: goes out with one signature where two are needed; a second person confirms within 60 minutes.
        note: why, for whoever approves and for subscribers.
        summary: further counts, from the import.
        progress: told how many changes are signed.

    Raises:
        MalformedError: there is no change, or one that is not complete, or one that cannot be urgent.
        RefusedError: SECOND_PERSON_MISSING: it is urgent, and nobody has confirmed what its author hurried before.
    """
    publication, overall = os.urandom(ID_BYTES), hashlib.sha256()
    counts = dict.fromkeys(("puts", "new", "removals", "lifts", "block", "sets"), 0)
    needed, hurried = 1, False
    signer = find(keys, KeyUse.SIGN).kid
    with store.write() as c:
        alone, unconfirmed = _alone(c, row, desk, keys.member, now)
        c.execute(_PUT, (publication, row.number, PublicationState.SIGNING.value, keys.member, now, note))
    for change_set in cut(row.list_id, changes, now, note=note, counts=counts):
        with store.write() as c:
            records = lists.LiveRecords(c, row.number)
            needed = max(needed, people_needed(change_set, partial(_action_of, records)))
            if urgent and counts["sets"]:
                raise MalformedError("an urgent publication is one change set")
            hurried = change_set.urgent = urgent and needed == 2 and alone + changes_of(change_set) <= BULK
            if hurried and unconfirmed:
                raise RefusedError(Reason.SECOND_PERSON_MISSING, "nobody confirmed the author's urgent set before")
            body = encode_change_set(change_set)
            overall.update(hashlib.sha256(body).digest())
            signed = pb.SignedChangeSet(body=body)
            sig = keys.sign(signer, signed_bytes(desk, body, SignatureRole.AUTHOR))
            signed.signatures.add(kid=signer, role=_AUTHOR, sig=sig)
            c.execute(_PUT_SET, (change_set.id, publication, counts["sets"], serialise(signed)))
        counts["sets"] += 1
        if progress is not None:
            progress(counts["puts"] + counts["removals"] + counts["lifts"])
    if not counts["sets"]:
        raise MalformedError("there is no change to publish")
    if alone + counts["puts"] + counts["removals"] + counts["lifts"] > BULK:
        needed = 2  # not less because it is cut into small sets, or signed in several goes
    state = PublicationState.AWAITING_APPROVAL if needed == 2 and not hurried else PublicationState.READY
    said = json.dumps({**(summary or {}), **counts}, sort_keys=True)
    people = 1 if hurried else needed
    with store.write() as c:
        c.execute(_SIGNED, (state.value, hurried, people, overall.digest(), said, publication))
        return by_prefix(c, publication.hex())


def _alone(c: sqlite3.Connection, row: ListRow, desk: str, member: str, now: int) -> tuple[int, bool]:
    """Returns how much a member has changed alone within a day, and whether something urgent of it is unconfirmed.

    What is signed and not out yet counts as well: it goes out before.
    """
    used = [one for one in lists.standing(c, row, desk).used.values() if one.author == member]
    waiting = [one for one in ready(c, row.number) if one.author == member and one.people == 1]
    changes = sum(one.changes for one in used if one.time > now - ALONE)
    changes += sum(one.summary[name] for one in waiting for name in ("puts", "removals", "lifts"))
    unconfirmed = any(one.provisional_until > now - ALONE for one in used) or any(one.urgent for one in waiting)
    return changes, unconfirmed


def _action_of(records: lists.LiveRecords, entry_id_of: bytes) -> int:
    record = records.get(entry_id_of)
    return 0 if record is None else int(record.entry.action)


def approve(
    c: sqlite3.Connection, found: Publication, digest: bytes, *, keys: Keys, desk: str, view: View, now: int
) -> None:
    """Signs every set of a publication as its second person.

    Args:
        c: of a writing transaction.
        found: as it was shown.
        digest: what the member has seen it under.
        keys: of the second person.
        desk: that owns the list; its name is signed.
        view: the present directory.
        now: Unix milliseconds UTC.

    Raises:
        CannotOpenError: it is not what was shown.
        RefusedError: SECOND_PERSON_MISSING for its author, WRONG_ROLE, WRONG_STATE.
    """
    found = by_prefix(c, found.id.hex())
    if found.state is not PublicationState.AWAITING_APPROVAL:
        raise RefusedError(Reason.WRONG_STATE, "the publication does not await approval", state=found.state)
    check_second(view, keys.member, found.author, now)
    signer = find(keys, KeyUse.SIGN).kid
    for set_id, signed in _shown(c, found, digest).items():
        sig = keys.sign(signer, signed_bytes(desk, signed.body, SignatureRole.APPROVER))
        signed.signatures.add(kid=signer, role=_APPROVER, sig=sig)
        c.execute(_SIGN_SET, (serialise(signed), set_id))
    c.execute(_APPROVED, (PublicationState.READY.value, keys.member, found.id))


def confirm(
    c: sqlite3.Connection,
    found: Publication,
    row: ListRow,
    digest: bytes,
    *,
    keys: Keys,
    desk: str,
    view: View,
    now: int,
) -> int:
    """Signs the confirmation of every urgent set of a publication that is provisional. Returns how many.

    Args:
        c: of a writing transaction.
        found: as it was shown.
        row: the list.
        digest: what the member has seen it under; the confirmation names the bytes that were shown.
        keys: of the second person.
        desk: that owns the list; its name is signed.
        view: the present directory.
        now: Unix milliseconds UTC.

    Raises:
        CannotOpenError: it is not what was shown.
        RefusedError: SECOND_PERSON_MISSING, WRONG_ROLE; WRONG_STATE where nothing of it waits for that.
    """
    found = by_prefix(c, found.id.hex())
    check_second(view, keys.member, found.author, now)
    waiting = [set_id for (set_id,) in c.execute(_UNCONFIRMED, (found.id,)).fetchall()]
    if not waiting:
        raise RefusedError(Reason.WRONG_STATE, "nothing of it waits for a confirmation", state=found.state)
    signer, shown = find(keys, KeyUse.SIGN).kid, _shown(c, found, digest)
    for set_id in waiting:
        sha256 = hashlib.sha256(shown[set_id].body).digest()
        body = encode_confirmation(pb.Confirmation(list_id=row.list_id, set_id=set_id, created=now, set_sha256=sha256))
        signed = pb.SignedConfirmation(body=body)
        signed.signature.kid = signer
        signed.signature.role = _APPROVER
        signed.signature.sig = keys.sign(signer, confirmation_signed_bytes(desk, body))
        c.execute(_PUT_CONFIRMATION, (set_id, row.number, serialise(signed)))
        c.execute(_CONFIRMED, (set_id,))
    c.execute(_APPROVED, (found.state.value, keys.member, found.id))
    return len(waiting)


def _shown(c: sqlite3.Connection, found: Publication, digest: bytes) -> dict[bytes, pb.SignedChangeSet]:
    """Returns the sets of a publication by their ids, compared with what was shown.

    Raises:
        CannotOpenError: they are not what was shown.
    """
    sets = {bytes(set_id): pb.SignedChangeSet.FromString(data) for set_id, data, _, _ in c.execute(_SETS, (found.id,))}
    overall = hashlib.sha256(b"".join(hashlib.sha256(signed.body).digest() for signed in sets.values())).digest()
    if overall != digest or digest != found.digest:
        raise CannotOpenError
    return sets


def check_second(view: View, member: str, author: str, now: int) -> None:
    """Checks that a member may be the second person for what another wrote.

    Raises:
        RefusedError: WRONG_ROLE or SECOND_PERSON_MISSING.
    """
    record = view.member(member, now)
    if record is None or Role.APPROVER not in record.roles or Role.AGENT in record.roles:
        raise RefusedError(Reason.WRONG_ROLE, "this member may not approve")
    if member == author:
        raise RefusedError(Reason.SECOND_PERSON_MISSING, "whoever wrote it cannot approve it")


def of_list(c: sqlite3.Connection, number: int) -> list[Publication]:
    """Returns every publication of a list, oldest first."""
    return [_publication(row) for row in c.execute(_ALL, (number,))]


def ready(c: sqlite3.Connection, number: int) -> list[Publication]:
    """Returns the publications of a list that have every signature and are not wholly out, oldest first."""
    return [_publication(row) for row in c.execute(_BY_STATE, (number, PublicationState.READY.value))]


def by_prefix(c: sqlite3.Connection, prefix: str) -> Publication:
    """Returns the one publication whose id begins so.

    Raises:
        NotUniqueError: none does, or several do.
    """
    every = [_publication(row) for row in c.execute(_EVERY)]
    found = [publication for publication in every if prefix and publication.id.hex().startswith(prefix.lower())]
    if len(found) != 1:
        raise NotUniqueError("no publication, or more than one, has an id that begins so")
    return found[0]


def of_set(c: sqlite3.Connection, set_id: bytes) -> Publication | None:
    """Returns what a change set belongs to, None where it was not signed here."""
    row = c.execute(_OF_SET, (set_id,)).fetchone()
    return None if row is None else _publication(row)


def change_sets(c: sqlite3.Connection, found: Publication) -> Iterator[pb.ChangeSet]:
    """Yields what a publication says, set by set, as it was signed."""
    for _, data, _, _ in c.execute(_SETS, (found.id,)):
        yield parse_change_set(pb.SignedChangeSet.FromString(data).body)


def waiting_sets(c: sqlite3.Connection, found: Publication) -> list[tuple[bytes, bytes]]:
    """Returns (set id, serialised SignedChangeSet) of what is not in the list yet."""
    return [(bytes(set_id), bytes(data)) for set_id, data in c.execute(_WAITING_SETS, (found.id,))]


def set_done(c: sqlite3.Connection, set_id: bytes, *, published: bool, provisional_until: int = 0) -> None:
    """Notes that a set is in the list, or will never be."""
    c.execute(_SET_DONE, ("PUBLISHED" if published else "STALE", provisional_until, set_id))


def settle(c: sqlite3.Connection, found: Publication, sequence: int) -> PublicationState:
    """Works out where a publication stands after a batch. Returns that."""
    states = {state for _, _, state, _ in c.execute(_SETS, (found.id,))}
    state = PublicationState.READY
    if "WAITING" not in states:
        state = PublicationState.STALE if "STALE" in states else PublicationState.PUBLISHED
    c.execute(_SET_STATE, (state.value, sequence, found.id))
    return state


def discard(c: sqlite3.Connection, found: Publication) -> None:
    """Takes a publication back.

    Raises:
        RefusedError: WRONG_STATE: some of it is out.
    """
    if found.sequence or found.state not in ("AWAITING_APPROVAL", "READY", "HELD_BACK"):
        raise RefusedError(Reason.WRONG_STATE, "the publication is out, or was taken back", state=found.state)
    c.execute(_SET_STATE, (PublicationState.DISCARDED.value, 0, found.id))


def confirmations(c: sqlite3.Connection, number: int) -> list[tuple[bytes, bytes]]:
    """Returns (set id, serialised SignedConfirmation) of what waits for a batch."""
    return [(bytes(set_id), bytes(data)) for set_id, data in c.execute(_CONFIRMATIONS, (number,))]


def drop_confirmation(c: sqlite3.Connection, set_id: bytes) -> None:
    """Forgets a confirmation: it is in a batch, or fits none."""
    c.execute(_DROP_CONFIRMATION, (set_id,))


def forget_before(c: sqlite3.Connection, before: int) -> None:
    """Forgets publications that were settled and made before a time."""
    c.execute(_FORGET_SETS, (before,))
    c.execute(_FORGET, (before,))


def _publication(row: tuple[Any, ...]) -> Publication:
    found = dict(zip((one.name for one in fields(Publication)), row, strict=True))
    found |= {"state": PublicationState(found["state"]), "urgent": bool(found["urgent"])}
    found["summary"] = json.loads(found["summary"])
    return Publication(**found)
