"""Rows of the exchange: a batch's book is loaded with a few statements over arrays and saved with a few.

`SQL` of both engines stands side by side (`statements.py`). Never does: decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from comity.envelope import Envelope
from comity.header import Header
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Side, Standing, State, Verb
from sqlalchemy import Connection

from hub.exchange import older
from hub.exchange import statements as sql
from hub.exchange.domain import (
    AckSource,
    Book,
    EnvelopeState,
    Equivocated,
    Known,
    LegEntry,
    LegKey,
    limit_of,
)
from hub.exchange.grants import Grants, Passed, Recalled, Spending
from hub.exchange.lists import WINDOW, Lists
from hub.log.commands import Acknowledge, Command, EnvelopeDue, Erase, LegDue, SubmitEnvelope
from hub.log.domain import Batch, Existing
from hub.log.signatures import pack_signatures
from hub.log.store import LostRaceError

_KEEPS_GRANTS = "comity.keeps_grants"
_ONWARD = frozenset({Verb.GRANT_ONWARD, Verb.FORWARD})
_NEW_COLUMNS = 3
"""At the end of `_leg_values`: those that the schemas before 0005 have not got."""


def load(connection: Connection, commands: Sequence[Command]) -> Book:
    """Returns a book with all that these commands may need."""
    book = Book()
    submits = [c.envelope for c in commands if isinstance(c, SubmitEnvelope)]
    hashes = {c.ack.message_hash for c in commands if isinstance(c, Acknowledge)}
    hashes |= {c.message_hash for c in commands if isinstance(c, EnvelopeDue | Erase)}
    # STORED decides about expiry and about OPENED: acknowledgements of these envelopes are needed, not of `about`.
    acknowledged = list(hashes)
    hashes |= {e.header.about for e in submits if e.header.about}
    ids = list({(e.header.sender_agency, e.header.envelope_id) for e in submits})
    _add(book, sql.BY_ID.rows(connection, *_columns(ids, 2)))
    _add(book, sql.BY_HASH.rows(connection, list(hashes)))
    for message_hash, desk, state, index in sql.ACKS.rows(connection, acknowledged):
        book.acks[message_hash, desk, state] = Existing(index)
    wanted = {(c.originator, c.case_id, c.recipient) for c in commands if isinstance(c, LegDue)}
    for e in submits:
        h = e.header
        for desk in h.counterparts:
            wanted.add((h.sender, h.case_id, desk))
            wanted.add((desk, h.case_id, h.sender))
    for message_hash in acknowledged:
        known = book.by_hash.get(message_hash)
        if known is not None:
            wanted |= {(known.sender, known.case_id, desk) for desk in known.counterparts}
            wanted |= {(desk, known.case_id, known.sender) for desk in known.counterparts}
    book.grants.kept = keeps_grants(connection)
    if book.grants.kept:
        wanted |= _load_grants(connection, book, submits, acknowledged)
    legs = sql.LEGS if book.grants.kept else older.LEGS
    _add_legs(book, legs.rows(connection, *_columns(list(wanted), 3)))
    if book.grants.kept:
        _load_recalls(connection, book, [e.header for e in submits])
    blobs = list({(e.header.sender_agency, blob.sha256) for e in submits for blob in e.header.blobs})
    for agency, sha256, length in sql.BLOBS.rows(connection, *_columns(blobs, 2)):
        book.blobs[agency, sha256] = length
    if book.by_id:
        # Only an id that was used before can be used twice.
        for agency, envelope_id, other in sql.EQUIVOCATIONS.rows(connection, *_columns(list(book.by_id), 2)):
            book.equivocations.setdefault((agency, envelope_id), set()).add(other)
    if any(e.header.watchlist is not None for e in submits):
        _load_lists(connection, book.lists, [e.header for e in submits])
    return book


def keeps_grants(connection: Connection) -> bool:
    """Returns whether the schema has a place for freezes, assistance and onward grants.

    It is looked at until it has, and remembered with the connection: nobody takes it away from who serves.
    """
    if not connection.info.get(_KEEPS_GRANTS):
        kept = connection.exec_driver_sql(_pick(connection, sql.GRANTS_KEPT)).scalar_one()
        connection.info[_KEEPS_GRANTS] = bool(kept)
    return bool(connection.info[_KEEPS_GRANTS])


def _load_grants(connection: Connection, book: Book, submits: Sequence[Envelope], due: Sequence[bytes]) -> set[LegKey]:
    """Takes in what these envelopes say of grants, and returns the legs that they change besides their own."""
    wanted: set[LegKey] = set()
    names = [e.header.about for e in submits if e.header.verb is Verb.REVOKE_GRANT]
    hashes: set[bytes] = set()
    for e in submits:
        granted = e.header.granted
        if granted is None or granted.header.grant is None:
            continue
        names.append(granted.message_hash)
        hashes |= {granted.message_hash, granted.header.grant.original_hash}
        sender, case_id = granted.header.sender, granted.header.case_id
        for desk in (granted.header.grant.holder, granted.header.grant.new_desk):
            wanted |= {(sender, case_id, desk), (desk, case_id, sender)}
    _add(book, sql.BY_HASH.rows(connection, list(hashes)))
    ending = [known for name in due if (known := book.by_hash.get(name)) is not None and known.verb in _ONWARD]
    names += [known.message_hash for known in ending if known.verb is Verb.GRANT_ONWARD]
    for name, used_by in sql.GRANTS.rows(connection, names):
        book.grants.spent[bytes(name)] = None if used_by is None else bytes(used_by)
    if ending:
        # What ends with them, and what they wait for: the legs that were made for recalls.
        forwards = {known.message_hash for known in ending} | {by for by in book.grants.spent.values() if by}
        _add_legs(book, sql.ONWARD_LEGS.rows(connection, list(forwards)))
    return wanted


def _load_recalls(connection: Connection, book: Book, headers: Sequence[Header]) -> None:
    """Takes in what was recalled of what these envelopes pass on or recall, and what reached others under a grant."""
    recalls = [h for h in headers if h.verb is Verb.RECALL]
    wanted = {(h.about, desk) for h in recalls for desk in h.counterparts}
    for h in headers:
        if h.granted is not None and h.granted.header.grant is not None:
            entry = book.legs.get((h.granted.header.sender, h.granted.header.case_id, h.sender))
            names = {h.granted.message_hash, h.granted.header.grant.original_hash}
            wanted |= {(name, h.sender) for name in names | ({entry.leg.opening} if entry is not None else set())}
    for name, desk in sql.RECALLED.rows(connection, *_columns(list(wanted), 2)):
        book.grants.recalled.add(Recalled(bytes(name), desk))
    for name, desk in sql.PASSED.rows(connection, list({h.about for h in recalls})):
        book.grants.passed.add(Passed(bytes(name), desk))


def _add_legs(book: Book, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        leg = _leg(row)
        book.legs[leg.key] = LegEntry(leg, leg.revision, row[20])


def _load_lists(connection: Connection, lists: Lists, headers: Sequence[Header]) -> None:
    lists.kept = _keeps_lists(connection)
    if not lists.kept:
        return
    placed = [(h, h.watchlist) for h in headers if h.watchlist is not None]
    wanted = list({(h.sender, w.list_id, w.sequence) for h, w in placed})
    for owner, list_id, sequence, previous_head, head in sql.LIST_BATCHES.rows(connection, *_columns(wanted, 3)):
        lists.entry((owner, bytes(list_id))).add(sequence, (bytes(previous_head), bytes(head)))
    legs = list({(h.sender, h.case_id, desk) for h, _ in placed for desk in h.counterparts})
    for originator, case_id, recipient, list_id in sql.LIST_LEGS.rows(connection, *_columns(legs, 3)):
        lists.legs[originator, bytes(case_id), recipient] = bytes(list_id)


def _keeps_lists(connection: Connection) -> bool:
    return bool(connection.exec_driver_sql(_pick(connection, sql.LISTS_KEPT)).scalar_one())


def due(connection: Connection, now_ms: int, limit: int) -> list[Command]:
    """Returns commands for legs and envelopes whose clocks have run out, the longest due first."""
    legs = connection.exec_driver_sql(_pick(connection, sql.LEGS_DUE), (now_ms, limit)).all()
    envelopes = connection.exec_driver_sql(_pick(connection, sql.ENVELOPES_DUE), (now_ms, limit)).all()
    found: list[Command] = [LegDue(row[0], bytes(row[1]), row[2]) for row in legs]
    return found + [EnvelopeDue(bytes(row[0])) for row in envelopes]


def _pick(connection: Connection, both: tuple[str, str]) -> str:
    return both[0] if connection.dialect.name == "sqlite" else both[1]


def logged_acks(connection: Connection, desk: str, indices: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Returns (body, signature) of a desk's acknowledgements by leaf index."""
    rows = sql.LOGGED_ACKS.rows(connection, list(indices))
    return {index: (bytes(body), bytes(sig)) for index, owner, body, sig in rows if owner == desk}


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _add(book: Book, rows: Iterable[Sequence[Any]]) -> None:
    for r in rows:
        if bytes(r[1]) in book.by_hash:
            continue
        book.add(
            Known(
                index=r[0],
                message_hash=r[1],
                sender_agency=r[2],
                envelope_id=r[3],
                sender=r[4],
                recipients=tuple(r[5].splitlines()),
                case_id=r[6],
                family=Family(r[7]),
                verb=Verb(r[8]),
                opening=bool(r[9]),
                author_member=r[10],
                deliver_by=r[11],
                state=EnvelopeState(r[12]),
                unstored=r[13],
                due=r[14],
            )
        )


def _leg(r: Sequence[Any]) -> Leg:
    return Leg(
        originator=r[0],
        case_id=r[1],
        recipient=r[2],
        family=Family(r[3]),
        state=State(r[4]),
        revision=r[5],
        opening=r[6],
        previous=r[7],
        opened=r[8],
        deliver_by=r[9],
        question=r[10],
        respond_by=r[11],
        awaiting=None if r[12] is None else Side(r[12]),
        overdue_logged=bool(r[13]),
        recall=r[14],
        recall_respond_by=r[15],
        recall_overdue_logged=bool(r[16]),
        lapses_at=r[17],
        ended_at=r[18],
        resume_state=None if r[19] is None else State(r[19]),
        standing=Standing(r[21]),
        forwarded=bool(r[22]),
        onward=b"" if r[23] is None else r[23],
    )


def save(connection: Connection, book: Book, batch: Batch) -> None:
    """Stores what the batch made of the book.

    Raises:
        LostRaceError: a leg is not what this transaction read.
    """
    _save_envelopes(connection, book, batch)
    _save_legs(connection, book)
    if book.grants.kept:
        _save_grants(connection, book.grants, batch)
    ack_rows: list[tuple[Any, ...]] = []
    equivocated: list[tuple[Any, ...]] = []
    for entry in batch.entries:
        source = entry.draft.source
        if isinstance(source, AckSource):
            ack = source.command.ack
            ack_rows.append(
                (entry.index, ack.message_hash, ack.desk, int(ack.state), source.command.body, source.command.sig)
            )
        elif isinstance(source, Equivocated):
            equivocated.append((source.sender_agency, source.envelope_id, source.other_hash, entry.index))
    sql.INSERT_ACKS.run(connection, ack_rows)
    sql.INSERT_EQUIVOCATIONS.run(connection, equivocated)


def _save_envelopes(connection: Connection, book: Book, batch: Batch) -> None:
    rows: list[tuple[Any, ...]] = []
    blobs: list[tuple[Any, ...]] = []
    for source in book.submitted:
        e, k = source.envelope, source.known
        k.index = batch.first + k.position
        rows.append(
            (
                k.index,
                k.message_hash,
                k.sender_agency,
                k.envelope_id,
                k.sender,
                "\n".join(k.recipients),
                k.case_id,
                int(k.family),
                int(k.verb),
                k.opening,
                e.header.author,
                k.author_member,
                batch.moment.time_seconds,
                k.deliver_by,
                int(k.state),
                k.unstored,
                k.due,
                e.header_bytes,
                e.seal_bytes,
                pack_signatures(e.signatures),
                e.ciphertext,
            )
        )
        blobs += [(k.message_hash, b.sha256, k.sender_agency) for b in e.header.blobs]
    sql.INSERT_ENVELOPES.run(connection, rows)
    sql.INSERT_ENVELOPE_BLOBS.run(connection, blobs)
    changed = list(book.changed_envelopes.values())
    sql.UPDATE_ENVELOPES.run(
        connection,
        [int(k.state) for k in changed],
        [k.unstored for k in changed],
        [k.due for k in changed],
        [k.index for k in changed],
    )
    dropped = [(k.index, desk) for k, desk in book.dropped_wraps]
    sql.DROP_WRAPS.run(connection, *_columns(dropped, 2))
    sql.DROP_CIPHERTEXTS.run(connection, [k.index for k in book.dropped_ciphertexts])
    if book.erased:
        _erase(connection, book.erased)
    if book.pruned:
        sql.PRUNE_ENVELOPES.run(connection, [k.index for k in book.pruned])
        sql.DELETE_LEGS.run(connection, *_columns(book.pruned_legs, 3))
        if any(k.family is Family.WATCHLIST for k in book.pruned) and _keeps_lists(connection):
            sql.DELETE_LIST_LEGS.run(connection, *_columns(book.pruned_legs, 3))
        sql.ERASE_ENVELOPES.run(connection, [k.index for k in book.pruned if k.verb is Verb.FORWARD])
        if book.grants.kept:
            sql.DELETE_GRANTS.run(connection, [k.message_hash for k in book.pruned if k.verb is Verb.GRANT_ONWARD])
            sql.DELETE_RECALLS.run(connection, [k.message_hash for k in book.pruned])
    if book.lists.entries:
        _save_lists(connection, book.lists, batch)


def _save_grants(connection: Connection, grants: Grants, batch: Batch) -> None:
    sql.INSERT_GRANTS.run(connection, [_spent(s, batch.first + s.position) for s in grants.added])
    recalled = [(*r, batch.first + position) for r, position in grants.newly_recalled.items()]
    sql.INSERT_RECALLS.run(connection, recalled)


def _spent(s: Spending, index: int) -> tuple[Any, ...]:
    if s.passed is None:
        return s.grant, None, s.by, index, None, None
    return s.grant, s.by, None, index, *s.passed


def _save_lists(connection: Connection, lists: Lists, batch: Batch) -> None:
    rows: list[tuple[Any, ...]] = []
    old: list[tuple[Any, ...]] = []
    for (owner, list_id), entry in lists.entries.items():
        rows += [(owner, list_id, n, *entry.shown[n], batch.first + position) for n, position in entry.added.items()]
        if entry.added and entry.last > WINDOW:
            old.append((owner, list_id, entry.last - WINDOW))
    sql.INSERT_LIST_BATCHES.run(connection, rows)
    sql.DELETE_LIST_BATCHES.run(connection, *_columns(old, 3))
    sql.INSERT_LIST_LEGS.run(connection, [(*leg, list_id) for leg, list_id in lists.new_legs.items()])


def _erase(connection: Connection, erased: list[Known]) -> None:
    indices = [k.index for k in erased]
    # What was signed of a FORWARD proves the use of its grant, and stays until it is pruned.
    sql.DROP_CIPHERTEXTS.run(connection, [k.index for k in erased if k.verb is Verb.FORWARD])
    sql.ERASE_ENVELOPES.run(connection, [k.index for k in erased if k.verb is not Verb.FORWARD])
    sql.ERASE_OPENINGS.run(connection, indices)
    sql.DROP_WRAPS.run(connection, *_columns([(k.index, desk) for k in erased for desk in k.recipients], 2))
    sql.DELETE_ENVELOPE_BLOBS.run(connection, [k.message_hash for k in erased])


def _save_legs(connection: Connection, book: Book) -> None:
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for key, entry in book.changed_legs.items():
        if entry.stored_revision:
            changed.append((*_leg_values(entry), *key, entry.stored_revision))
        else:
            new.append((*key, *_leg_values(entry)))
    if not book.grants.kept:
        older.INSERT_LEGS.run(connection, [row[:-_NEW_COLUMNS] for row in new])
        kept = [(*row[: -_NEW_COLUMNS - 4], *row[-4:]) for row in changed]
        if older.UPDATE_LEGS.run(connection, *_columns(kept, 26 - _NEW_COLUMNS)) != len(changed):
            raise LostRaceError
        return
    sql.INSERT_LEGS.run(connection, new)
    if sql.UPDATE_LEGS.run(connection, *_columns(changed, 26)) != len(changed):
        raise LostRaceError


def _leg_values(entry: LegEntry) -> tuple[Any, ...]:
    leg = entry.leg
    return (
        int(leg.family),
        str(leg.state),
        leg.revision,
        leg.opening,
        leg.previous,
        leg.opened,
        leg.deliver_by,
        leg.question,
        leg.respond_by,
        None if leg.awaiting is None else str(leg.awaiting),
        leg.overdue_logged,
        leg.recall,
        leg.recall_respond_by,
        leg.recall_overdue_logged,
        leg.lapses_at,
        leg.ended_at,
        None if leg.resume_state is None else str(leg.resume_state),
        limit_of(entry),
        entry.finished_at,
        int(leg.standing),
        leg.forwarded,
        leg.onward or None,
    )
