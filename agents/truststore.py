"""What trust rests on, as rows: directory entries, the newest head, checkpoints, pins, own statements, alarms."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from agents import schema as s


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


def put_head(c: Connection, body: bytes, sig: bytes) -> None:
    """Keeps the newest head."""
    row = {"id": 1, "body": body, "sig": sig}
    c.execute(insert(s.heads).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def head(c: Connection) -> tuple[bytes, bytes] | None:
    """Returns (body, signature) of the newest head."""
    row = c.execute(select(s.heads.c.body, s.heads.c.sig)).first()
    return None if row is None else (row.body, row.sig)


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
