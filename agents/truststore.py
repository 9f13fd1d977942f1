"""What trust rests on, as rows: directory entries, heads, leaves, checkpoints, pins, own statements, alarms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from comity.directory import Head
from comity.directory.heads import parse_head
from comity.merkle import MAX_SIZE
from comity.receipts import Leaf
from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from agents import schema as s
from agents.driver import Driver

# What every message asks for is constant text: putting such a statement together would cost more than running it.
_PUT_GOSSIP_DUE: Final = "INSERT OR IGNORE INTO gossip_due (size, root, note, waited, asked) VALUES (?, ?, ?, 0, 0)"
_PINS: Final = "SELECT name, digest, time, member FROM pins"
_PUT_META: Final = (
    "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_GET_META: Final = "SELECT value FROM meta WHERE name = ?"
_HEAD_UP_TO: Final = "SELECT body, sig FROM heads WHERE exchange_size <= ? ORDER BY exchange_size DESC LIMIT 1"
_PUT_LEAF: Final = (
    "INSERT INTO leaves (log_index, directory_size, time_seconds) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
)
_LEAF_BEFORE: Final = (
    "SELECT directory_size, time_seconds FROM leaves WHERE log_index <= ? ORDER BY log_index DESC LIMIT 1"
)
_LEAF_AFTER: Final = "SELECT directory_size, time_seconds FROM leaves WHERE log_index >= ? ORDER BY log_index LIMIT 1"
_LEAF_UP_TO: Final = (
    "SELECT time_seconds FROM leaves WHERE directory_size <= ? AND log_index < ? ORDER BY log_index DESC LIMIT 1"
)
_PUT_CHECKPOINT: Final = (
    "INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)"
    " ON CONFLICT (size) DO UPDATE SET note = excluded.note WHERE excluded.note != x'' AND root = excluded.root"
)
_CHECKPOINT: Final = "SELECT size, root, note FROM checkpoints WHERE size = ?"
_CHECKPOINT_AND_NEWEST: Final = (
    "SELECT size, root, note FROM checkpoints WHERE size IN (?, (SELECT max(size) FROM checkpoints)) ORDER BY size DESC"
)
_NEWEST_SIZE: Final = "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1"

_MEMBER_TLS: Final = "tls "
"""What the name begins with under which a member's TLS keys are kept."""

TOLD: Final = -1
"""In the place of how long a checkpoint has waited: a person was told of it."""
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
    Driver(c).exec_driver_sql(_PUT_META, (name, value))


def get_meta(c: Connection, name: str) -> bytes:
    """Returns the value of a name, empty where there is none."""
    row = Driver(c).exec_driver_sql(_GET_META, (name,)).fetchone()
    return b"" if row is None else bytes(row[0])


def add_member_tls(c: Connection, member: str, spki_sha256: bytes) -> None:
    """Remembers that a TLS key is a member's, by the SHA-256 of its public key, 32 bytes."""
    known = get_meta(c, _MEMBER_TLS + member)
    if spki_sha256 not in member_tls(c, member):
        put_meta(c, _MEMBER_TLS + member, known + spki_sha256)


def member_tls(c: Connection, member: str) -> set[bytes]:
    """Returns the SHA-256 of the public key of every TLS key that is known to be a member's."""
    known = get_meta(c, _MEMBER_TLS + member)
    return {known[at : at + 32] for at in range(0, len(known), 32)}


def entries(c: Connection, first: int = 0) -> list[bytes]:
    """Returns the directory's entries in order, from a number on."""
    query = select(s.entries.c.entry).where(s.entries.c.number >= first).order_by(s.entries.c.number)
    return list(c.execute(query).scalars())


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
    return head_up_to(c, MAX_SIZE)


def head_up_to(c: Connection, exchange_size: int) -> SeenHead | None:
    """Returns the head over the longest logs of those over no more leaves than that, or None."""
    row = Driver(c).exec_driver_sql(_HEAD_UP_TO, (min(exchange_size, MAX_SIZE),)).fetchone()
    return None if row is None else SeenHead(_parsed_head(row[0]), row[0], row[1])


@lru_cache(maxsize=64)
def _parsed_head(body: bytes) -> Head:
    return parse_head(body)


def head_from(c: Connection, exchange_size: int) -> SeenHead | None:
    """Returns the head over the shortest logs of those over at least so many leaves, or None."""
    h = s.heads.c
    query = select(h.body, h.sig).where(h.exchange_size >= exchange_size).order_by(h.exchange_size).limit(1)
    row = c.execute(query).first()
    return None if row is None else SeenHead(_parsed_head(row.body), row.body, row.sig)


def heads_beyond(c: Connection, exchange_size: int) -> list[SeenHead]:
    """Returns every head over more leaves than that."""
    h = s.heads.c
    found = c.execute(select(h.body, h.sig).where(h.exchange_size > exchange_size))
    return [SeenHead(_parsed_head(row.body), row.body, row.sig) for row in found]


def forget_heads_beyond(c: Connection, exchange_size: int) -> None:
    """Forgets every head over more leaves than that."""
    c.execute(delete(s.heads).where(s.heads.c.exchange_size > exchange_size))


def forget_beyond(c: Connection, size: int) -> None:
    """Forgets every size of the exchange log that is greater, and the leaves that came with such."""
    c.execute(delete(s.checkpoints).where(s.checkpoints.c.size > size))
    c.execute(delete(s.leaves).where(s.leaves.c.log_index >= size))


def put_leaf(c: Connection, log_index: int, leaf: Leaf) -> None:
    """Keeps what a verified leaf says."""
    Driver(c).exec_driver_sql(_PUT_LEAF, (log_index, leaf.directory_size, leaf.time_seconds))


def leaves_around(c: Connection, log_index: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Returns (directory size, Unix seconds) of the nearest leaf kept at or before an index, and at or after it."""
    run = Driver(c)
    before = run.exec_driver_sql(_LEAF_BEFORE, (log_index,)).fetchone()
    return before, run.exec_driver_sql(_LEAF_AFTER, (log_index,)).fetchone()


def leaf_time_up_to(c: Connection, directory_size: int, size: int = MAX_SIZE) -> int:
    """Returns the time of the newest leaf kept that names no more of the directory than that, Unix seconds, or 0.

    Args:
        c: to look with.
        directory_size: number of entries.
        size: of the exchange log: leaves beyond it are left out.
    """
    return int(c.exec_driver_sql(_LEAF_UP_TO, (directory_size, size)).scalar() or 0)


def put_checkpoint(c: Connection, found: TrustedSize) -> None:
    """Keeps a proved size. A signed note takes the place of none; a row of another root stays as it is."""
    Driver(c).exec_driver_sql(_PUT_CHECKPOINT, (found.size, found.root, found.note))


def checkpoint(c: Connection, size: int) -> TrustedSize | None:
    """Returns the proved size, or None where that size was not seen."""
    row = Driver(c).exec_driver_sql(_CHECKPOINT, (size,)).fetchone()
    return None if row is None else TrustedSize(*row)


def checkpoint_and_newest(c: Connection, size: int) -> tuple[TrustedSize | None, TrustedSize | None]:
    """Returns the proved size, or None where that size was not seen, and the greatest one."""
    found = [TrustedSize(*row) for row in Driver(c).exec_driver_sql(_CHECKPOINT_AND_NEWEST, (size,))]
    return next((one for one in found if one.size == size), None), found[0] if found else None


def newest_size(c: Connection) -> TrustedSize | None:
    """Returns the greatest proved size."""
    row = c.exec_driver_sql(_NEWEST_SIZE).first()
    return None if row is None else TrustedSize(row.size, row.root, row.note)


def sizes(c: Connection) -> list[TrustedSize]:
    """Returns every proved size, the smallest first."""
    t = s.checkpoints.c
    return [TrustedSize(*row) for row in c.execute(select(t.size, t.root, t.note).order_by(t.size))]


def newest_notes(c: Connection, limit: int) -> list[bytes]:
    """Returns the newest signed checkpoints, at most so many, the newest first."""
    query = select(s.checkpoints.c.note).where(s.checkpoints.c.note != b"").order_by(s.checkpoints.c.size.desc())
    return list(c.execute(query.limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class GossipDue:
    """A checkpoint that is still to be tied."""

    found: TrustedSize
    """What it says, and its note."""
    waited: int
    """For how long the hub could have proved it and was asked, milliseconds; `TOLD` once a person was told of it."""
    asked: int
    """When the hub was asked last, Unix milliseconds; 0 before that."""


def unproved(size: int, root: bytes) -> str:
    """Returns what the alarm is about that one is not proved: the alarm of what proves a fork is another."""
    return f"unproved {size} {root.hex()}"


def put_gossip_due(c: Connection, found: TrustedSize) -> None:
    """Keeps a checkpoint that is still to be tied; the same size and root under another signature is another one."""
    Driver(c).exec_driver_sql(_PUT_GOSSIP_DUE, (found.size, found.root, found.note))


def gossip_due(c: Connection) -> list[GossipDue]:
    """Returns the checkpoints that are still to be tied, the smallest first."""
    t = s.gossip_due.c
    query = select(t.size, t.root, t.note, t.waited, t.asked).order_by(t.size)
    return [GossipDue(TrustedSize(*found), waited, asked) for *found, waited, asked in c.execute(query)]


def set_gossip_due(c: Connection, found: TrustedSize, waited: int, asked: int) -> bool:
    """Sets how long one has waited, and when it was asked for. Returns whether it is due still."""
    return c.execute(update(s.gossip_due).where(*_due(found)).values(waited=waited, asked=asked)).rowcount == 1


def drop_gossip_due(c: Connection, found: TrustedSize) -> None:
    """Forgets one that needs to be tied no more."""
    c.execute(delete(s.gossip_due).where(*_due(found)))


def _due(found: TrustedSize) -> tuple[ColumnElement[bool], ...]:
    t = s.gossip_due.c
    return t.size == found.size, t.root == found.root, t.note == found.note


def put_pin(c: Connection, pin: Pin) -> None:
    """Keeps a pin; an older one of that name is replaced."""
    row = {"name": pin.name, "digest": pin.digest, "time": pin.time, "member": pin.member}
    c.execute(insert(s.pins).values(row).on_conflict_do_update(index_elements=["name"], set_=row))


def remove_pin(c: Connection, name: str) -> None:
    """Forgets a pin."""
    c.execute(delete(s.pins).where(s.pins.c.name == name))


def pins(c: Connection) -> dict[str, Pin]:
    """Returns all pins by name."""
    return {row[0]: Pin(*row) for row in Driver(c).exec_driver_sql(_PINS)}


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


def remove_alarm(c: Connection, alarm_id: str) -> None:
    """Takes back an alarm that nobody dismissed."""
    a = s.alarms.c
    c.execute(delete(s.alarms).where(a.id == alarm_id, a.dismissed == 0))


def dismiss_alarm(c: Connection, alarm_id: str, now: int) -> bool:
    """Dismisses an alarm. Returns whether there was one."""
    a = s.alarms.c
    return c.execute(update(s.alarms).where(a.id == alarm_id, a.dismissed == 0).values(dismissed=now)).rowcount == 1
