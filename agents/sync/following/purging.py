"""Purging: what machines' mail leaves behind goes after a while, so that a mailbox of a year is one of two weeks.

PUBLISH and SNAPSHOT messages go whole, with their acknowledgements and their items of the feed, once they were applied,
are as old as the settings say, and could not be delivered again, since their `deliver_by` went by: one that came again
would be refused for that. Every other message stays, and so does the timeline of every case that has no such message.
Of leaves, proved sizes and heads from before, the first and the last of each day and state of the directory stay: what
the hub says later is still held against them.

Never does: remove mail of people; decide what was applied.
"""

from __future__ import annotations

from typing import Final

from comity.checkpoint import parse_checkpoint
from comity.receipts import parse_receipt
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents.store import Store

PORTION: Final = 500
"""Messages that go in one transaction."""
_VERBS: Final = (int(Verb.PUBLISH), int(Verb.SNAPSHOT))
_DRAFT_VERBS: Final = (int(Verb.RESYNC), int(Verb.SIGHTING), *_VERBS)

_OLD: Final = """CREATE TEMP TABLE IF NOT EXISTS purged (message_hash BLOB PRIMARY KEY) WITHOUT ROWID"""
_FORGET: Final = "DELETE FROM purged"
_CHOOSE: Final = """INSERT INTO purged SELECT message_hash FROM messages
    WHERE log_index >= 0 AND log_index <= ? AND verb IN (?, ?) AND leaf_time < ? AND deliver_by < ?
    ORDER BY log_index LIMIT ?"""
_PURGE: Final = (
    "DELETE FROM statuses WHERE message_hash IN (SELECT message_hash FROM purged)",
    "DELETE FROM events WHERE message_hash IN (SELECT message_hash FROM purged)",
    # An acknowledgement that the hub has not settled is still to be sent.
    "DELETE FROM acks WHERE settled AND message_hash IN (SELECT message_hash FROM purged)",
    "DELETE FROM messages WHERE message_hash IN (SELECT message_hash FROM purged)",
)
_DRAFTS: Final = """DELETE FROM drafts WHERE verb IN (?, ?, ?, ?) AND state IN ('SENT', 'DISCARDED') AND created < ?"""
_THIN_LEAVES: Final = """DELETE FROM leaves WHERE time_seconds < ?1 AND log_index NOT IN (
    SELECT min(log_index) FROM leaves WHERE time_seconds < ?1 GROUP BY directory_size, time_seconds / 86400
    UNION SELECT max(log_index) FROM leaves WHERE time_seconds < ?1 GROUP BY directory_size, time_seconds / 86400)"""
_THIN_HEADS: Final = """DELETE FROM heads WHERE time < ?1 AND exchange_size NOT IN (
    SELECT min(exchange_size) FROM heads WHERE time < ?1 GROUP BY directory_size, time / 86400000
    UNION SELECT max(exchange_size) FROM heads WHERE time < ?1 GROUP BY directory_size, time / 86400000)"""
_OLD_SIZES: Final = """SELECT size FROM checkpoints WHERE size < (SELECT max(exchange_size) FROM heads WHERE time < ?)
    AND size NOT IN (SELECT exchange_size FROM heads)"""
_RECEIPTS: Final = """SELECT receipt FROM messages WHERE receipt != x'' UNION ALL SELECT receipt FROM events
    UNION ALL SELECT receipt FROM acks WHERE receipt != x''"""
_FORGET_SIZE: Final = "DELETE FROM checkpoints WHERE size = ?"
_ALARMS: Final = "DELETE FROM alarms WHERE dismissed > 0 AND dismissed < ? AND kind LIKE 'LIST_%'"


def purge(store: Store, *, applied: int, now: int, keep_ms: int) -> int:
    """Removes a portion of what is old.

    Args:
        store: of the home.
        applied: log index up to which messages were applied.
        now: Unix milliseconds UTC.
        keep_ms: for how long messages are kept.

    Returns:
        How many messages went; call again while that is not 0.
    """
    before = now - keep_ms
    with store.begin(lasting=False) as c:
        c.exec_driver_sql(_OLD)
        c.exec_driver_sql(_FORGET)
        c.exec_driver_sql(_CHOOSE, (applied, *_VERBS, before, now, PORTION))
        gone = 0
        for statement in _PURGE:
            gone = c.exec_driver_sql(statement).rowcount
    return gone


def thin(store: Store, *, now: int, keep_ms: int) -> None:
    """Thins out what was seen of the log before, and forgets drafts of machines and alarms that are over."""
    before = now - keep_ms
    with store.begin(lasting=False) as c:
        c.exec_driver_sql(_DRAFTS, (*_DRAFT_VERBS, before))
        c.exec_driver_sql(_ALARMS, (before,))
        c.exec_driver_sql(_THIN_LEAVES, (before // 1000,))
        c.exec_driver_sql(_THIN_HEADS, (before,))
        _thin_sizes(c, before)


def _thin_sizes(c: Connection, before: int) -> None:
    """Forgets proved sizes that neither a head nor a receipt names that is kept: those prove what is kept."""
    old = set(c.exec_driver_sql(_OLD_SIZES, (before,)).scalars())
    if not old:
        return
    for data in c.exec_driver_sql(_RECEIPTS).scalars():
        old.discard(parse_checkpoint(parse_receipt(data).checkpoint)[0].size)
    if old:
        c.exec_driver_sql(_FORGET_SIZE, [(size,) for size in sorted(old)])
