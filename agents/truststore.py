"""What trust rests on, as rows: directory entries, heads, leaves, checkpoints, pins, own statements, alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comity.directory import Head
from comity.directory.heads import parse_head
from comity.receipts import Leaf
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from agents import schema as s

HEADS_APART_MS: Final = 10 * 60_000
"""Of heads that name the same directory, one in so long is kept, and the newest."""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head that was verified."""

    head: Head
    body: bytes
    sig: bytes


@dataclass(frozen=True, slots=True)
class Pin:
    """A fingerprint that was compared."""

    name: str
    """Agency id, or `hub`."""
    digest: bytes
    """digest("statement", body) of the statement that was compared."""
    time: int
    """Unix milliseconds UTC."""
    member: str
    """Who compared it."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as it was raised."""

    id: str
    kind: str
    subject: str
    raised: int


@dataclass(frozen=True, slots=True)
class TrustedSize:
    """A size of the exchange log that belongs to the one history this agency has seen."""

    size: int
    root: bytes
    note: bytes
    """The signed checkpoint; empty where a head said it."""


def put_meta(c: Connection, name: str, value: bytes) -> None:
    """Keeps a value under a name."""
    row = {"name": name, "value": value}
    c.execute(insert(s.meta).values(row).on_conflict_do_update(index_elements=["name"], set_=row))


def get_meta(c: Connection, name: str) -> bytes:
    """Returns the value of a name, empty where there is none."""
    return c.execute(select(s.meta.c.value).where(s.meta.c.name == name)).scalar() or b""


def entries(c: Connection) -> list[bytes]:
    """Returns the directory's entries in order."""
    return list(c.execute(select(s.entries.c.entry).order_by(s.entries.c.number)).scalars())


def add_entries(c: Connection, first: int, added: list[bytes]) -> None:
    """Adds entries from a number on. Those that another process added meanwhile stay."""
    rows = [{"number": first + at, "entry": entry} for at, entry in enumerate(added)]
    if rows:
        c.execute(insert(s.entries).on_conflict_do_nothing(), rows)


def put_head(c: Connection, seen: SeenHead) -> None:
    """Keeps a head that contradicts none of those kept. One between two that say as much goes."""
    head, h = seen.head, s.heads.c
    before = c.execute(
        select(h.exchange_size, h.directory_size, h.time)
        .where(h.exchange_size < head.exchange_size)
        .order_by(h.exchange_size.desc())
        .limit(2)
    ).all()
    row = {
        "exchange_size": head.exchange_size,
        "directory_size": head.directory_size,
        "time": head.time,
        "body": seen.body,
        "sig": seen.sig,
    }
    c.execute(insert(s.heads).values(row).on_conflict_do_update(index_elements=["exchange_size"], set_=row))
    if len(before) < 2:
        return
    last, first = before
    if last.directory_size == first.directory_size and head.time - first.time < HEADS_APART_MS:
        c.execute(delete(s.heads).where(h.exchange_size == last.exchange_size))


def newest_head(c: Connection) -> SeenHead | None:
    """Returns the head over the longest logs, or None."""
    return head_up_to(c, None)


def head_up_to(c: Connection, exchange_size: int | None) -> SeenHead | None:
    """Returns the head over the longest logs of those over no more leaves than that (None: any), or None."""
    h = s.heads.c
    query = select(h.body, h.sig).order_by(h.exchange_size.desc()).limit(1)
    row = c.execute(query if exchange_size is None else query.where(h.exchange_size <= exchange_size)).first()
    return None if row is None else SeenHead(parse_head(row.body), row.body, row.sig)


def head_from(c: Connection, exchange_size: int) -> SeenHead | None:
    """Returns the head over the shortest logs of those over at least so many leaves, or None."""
    h = s.heads.c
    query = select(h.body, h.sig).where(h.exchange_size >= exchange_size).order_by(h.exchange_size).limit(1)
    row = c.execute(query).first()
    return None if row is None else SeenHead(parse_head(row.body), row.body, row.sig)


def put_leaf(c: Connection, log_index: int, leaf: Leaf) -> None:
    """Keeps what a verified leaf says."""
    row = {"log_index": log_index, "directory_size": leaf.directory_size, "time_seconds": leaf.time_seconds}
    c.execute(insert(s.leaves).values(row).on_conflict_do_nothing())


def leaves_around(c: Connection, log_index: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Returns (directory size, Unix seconds) of the nearest leaf kept at or before an index, and at or after it."""
    leaf = s.leaves.c
    query = select(leaf.directory_size, leaf.time_seconds).limit(1)
    before = c.execute(query.where(leaf.log_index <= log_index).order_by(leaf.log_index.desc())).first()
    after = c.execute(query.where(leaf.log_index >= log_index).order_by(leaf.log_index)).first()
    return (
        None if before is None else (before.directory_size, before.time_seconds),
        None if after is None else (after.directory_size, after.time_seconds),
    )


def put_checkpoint(c: Connection, found: TrustedSize) -> None:
    """Keeps a proved size. A signed note takes the place of none."""
    row = {"size": found.size, "root": found.root, "note": found.note}
    statement = insert(s.checkpoints).values(row)
    if found.note:
        c.execute(statement.on_conflict_do_update(index_elements=["size"], set_={"note": found.note}))
    else:
        c.execute(statement.on_conflict_do_nothing())


def checkpoint(c: Connection, size: int) -> TrustedSize | None:
    """Returns the proved size, or None where that size was not seen."""
    columns = (s.checkpoints.c.size, s.checkpoints.c.root, s.checkpoints.c.note)
    row = c.execute(select(*columns).where(s.checkpoints.c.size == size)).first()
    return None if row is None else TrustedSize(row.size, row.root, row.note)


def newest_size(c: Connection) -> TrustedSize | None:
    """Returns the greatest proved size."""
    size = c.execute(select(func.max(s.checkpoints.c.size))).scalar()
    return None if size is None else checkpoint(c, size)


def newest_note(c: Connection) -> bytes:
    """Returns the newest signed checkpoint, empty where none was seen."""
    query = select(s.checkpoints.c.note).where(s.checkpoints.c.note != b"").order_by(s.checkpoints.c.size.desc())
    return c.execute(query.limit(1)).scalar() or b""


def put_pin(c: Connection, pin: Pin) -> None:
    """Keeps a pin; an older one of that name is replaced."""
    row = {"name": pin.name, "digest": pin.digest, "time": pin.time, "member": pin.member}
    c.execute(insert(s.pins).values(row).on_conflict_do_update(index_elements=["name"], set_=row))


def remove_pin(c: Connection, name: str) -> None:
    """Forgets a pin."""
    c.execute(delete(s.pins).where(s.pins.c.name == name))


def pins(c: Connection) -> dict[str, Pin]:
    """Returns all pins by name."""
    rows = c.execute(select(s.pins.c.name, s.pins.c.digest, s.pins.c.time, s.pins.c.member))
    return {row.name: Pin(row.name, row.digest, row.time, row.member) for row in rows}


def add_own_statement(c: Connection, digest: bytes) -> None:
    """Remembers that this agency made a statement."""
    c.execute(insert(s.own_statements).values(digest=digest).on_conflict_do_nothing())


def own_statements(c: Connection) -> set[bytes]:
    """Returns the digests of the statements that this agency made."""
    return set(c.execute(select(s.own_statements.c.digest)).scalars())


def add_alarm(c: Connection, alarm: AlarmRow) -> bool:
    """Raises an alarm. Returns False where it stands already, dismissed or not."""
    row = {"id": alarm.id, "kind": alarm.kind, "subject": alarm.subject, "raised": alarm.raised, "dismissed": 0}
    return c.execute(insert(s.alarms).values(row).on_conflict_do_nothing()).rowcount == 1


def alarms(c: Connection) -> list[AlarmRow]:
    """Returns the alarms that nobody dismissed, oldest first."""
    a = s.alarms.c
    rows = c.execute(select(a.id, a.kind, a.subject, a.raised).where(a.dismissed == 0).order_by(a.raised, a.id))
    return [AlarmRow(row.id, row.kind, row.subject, row.raised) for row in rows]


def dismissed_alarms(c: Connection) -> set[str]:
    """Returns the ids of the alarms that somebody dismissed."""
    return set(c.execute(select(s.alarms.c.id).where(s.alarms.c.dismissed > 0)).scalars())


def dismiss_alarm(c: Connection, alarm_id: str, now: int) -> bool:
    """Dismisses an alarm. Returns whether there was one."""
    a = s.alarms.c
    return c.execute(update(s.alarms).where(a.id == alarm_id, a.dismissed == 0).values(dismissed=now)).rowcount == 1
