"""Tables of an agency's own store. Bytes that were signed are kept as they came; secrets are in sealed columns only.

Never does: queries (`agents/*store.py`).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint, text

METADATA = MetaData()

meta = Table("meta", METADATA, Column("name", String, primary_key=True), Column("value", LargeBinary, nullable=False))
"""Genesis statement, feed cursor, which TLS keys are whose."""

entries = Table(
    "entries", METADATA, Column("number", Integer, primary_key=True), Column("entry", LargeBinary, nullable=False)
)
"""The directory, replayed in full."""

own_statements = Table("own_statements", METADATA, Column("digest", LargeBinary, primary_key=True))
"""Statements that this agency knows it made."""

heads = Table(
    "heads",
    METADATA,
    Column("exchange_size", Integer, primary_key=True),
    Column("directory_size", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sig", LargeBinary, nullable=False),
)
"""Signed heads, one a size of the exchange log at most: what is logged later cannot be from before them."""

leaves = Table(
    "leaves",
    METADATA,
    Column("log_index", Integer, primary_key=True),
    Column("directory_size", Integer, nullable=False),
    Column("time_seconds", Integer, nullable=False),
)
"""What verified leaves of the exchange log say: neither decreases along the log."""

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("size", Integer, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
"""Sizes of the exchange log that were proved to belong to one history; `note` is empty for those from a head."""

gossip_due = Table(
    "gossip_due",
    METADATA,
    Column("size", Integer, primary_key=True),
    Column("root", LargeBinary, primary_key=True),
    Column("note", LargeBinary, primary_key=True),
    Column("waited", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
)
"""Checkpoints that came in machines' batches, signed by the log and not yet tied to the one history. Of one size and
root there is one for each signature: which key has made it decides what it tells."""

pins = Table(
    "pins",
    METADATA,
    Column("name", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("time", Integer, nullable=False),
    Column("member", String, nullable=False),
)
"""Whose fingerprint was compared: agencies, and `hub`."""

alarms = Table(
    "alarms",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("raised", Integer, nullable=False),
    Column("dismissed", Integer, nullable=False),
)

drafts = Table(
    "drafts",
    METADATA,
    Column("id", String, primary_key=True),
    Column("verb", Integer, nullable=False),
    Column("case_id", LargeBinary, nullable=False),
    Column("recipients", String, nullable=False),
    Column("author", String, nullable=False),
    Column("approver", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created", Integer, nullable=False),
    Column("precedence", Integer, nullable=False),
    Column("message_hash", LargeBinary, nullable=False),
    Column("box", LargeBinary, nullable=False),
)
"""`box` is the draft sealed to its author and the desk's approvers."""

messages = Table(
    "messages",
    METADATA,
    Column("message_hash", LargeBinary, primary_key=True),
    Column("agency", String, nullable=False),
    Column("envelope_id", LargeBinary, nullable=False),
    Column("sender", String, nullable=False),
    Column("outgoing", Boolean, nullable=False),
    Column("verb", Integer, nullable=False),
    Column("case_id", LargeBinary, nullable=False),
    Column("precedence", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("deliver_by", Integer, nullable=False),
    Column("respond_by", Integer, nullable=False),
    Column("author", String, nullable=False),
    Column("signers", LargeBinary, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("archive", LargeBinary, nullable=False),
    Column("standing", String, nullable=False),
    Column("received", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("leaf_time", Integer, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    UniqueConstraint("agency", "envelope_id"),
    Index("messages_case", "case_id"),
)
"""Mail, both ways. `archive` is the content key sealed to the archive key; the envelope stays as it travelled."""

messages_place = Index("messages_place", messages.c.log_index, messages.c.verb)
"""Mail by its place in the log."""

statuses = Table(
    "statuses",
    METADATA,
    Column("message_hash", LargeBinary, primary_key=True),
    Column("desk", String, primary_key=True),
    Column("status", String, nullable=False),
)
"""How far own messages have come at each recipient."""

acks = Table(
    "acks",
    METADATA,
    Column("message_hash", LargeBinary, primary_key=True),
    Column("desk", String, primary_key=True),
    Column("state", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("sig", LargeBinary, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)
"""Acknowledgements. An own one is settled once the hub has logged or refused it."""

acks_pending = Index("acks_pending", acks.c.state, sqlite_where=text("own = 1 AND settled = 0"))
"""What the hub has still to log."""

messages_flash = Index("messages_flash", messages.c.message_hash, sqlite_where=messages.c.precedence == 3)
"""Mail that a person must see at once."""

statuses_open = Index("statuses_open", statuses.c.status)
"""What has not come further."""

legs = Table(
    "legs",
    METADATA,
    Column("originator", String, primary_key=True),
    Column("case_id", LargeBinary, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("fields", String, nullable=False),
    Index("legs_case", "case_id"),
)

events = Table(
    "events",
    METADATA,
    Column("log_index", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("message_hash", LargeBinary, nullable=False),
    Column("desk", String, nullable=False),
    Column("time", Integer, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("believed", Boolean, nullable=False),
    Index("events_message", "message_hash"),
)
"""The feed, item by item. `believed` where what the hub logged was found true, by signatures or by the bytes. What was
read of a log that was forgotten has an index below 0, until it comes again (`agents/rereading.py`)."""

debts = Table(
    "debts",
    METADATA,
    Column("log_index", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("message_hash", LargeBinary, nullable=False),
)
"""Deliveries that came without their envelope and without a reason: asked for again until one or the other comes."""

tries = Table(
    "tries", METADATA, Column("log_index", Integer, primary_key=True), Column("count", Integer, nullable=False)
)
"""How often an item was begun; a message that kills its reader is quarantined."""

INDEXES_3 = (messages_place, messages_flash, statuses_open, acks_pending, *legs.indexes)
"""What version 3 of the tables finds faster than version 2."""

open_legs = Table(
    "open_legs",
    METADATA,
    Column("originator", String, primary_key=True),
    Column("case_id", LargeBinary, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("family", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("standing", Integer, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("deliver_by", Integer, nullable=False),
    Column("question", LargeBinary, nullable=False),
    Column("respond_by", Integer),
    Column("awaiting", String),
    Column("recall", LargeBinary, nullable=False),
    Column("recall_respond_by", Integer),
    Column("lapses_at", Integer),
)
"""What boards and clocks need of the legs that are not over: written with each leg (`mailstore.put_leg`)."""

told = Table(
    "told",
    METADATA,
    Column("member", String, primary_key=True),
    Column("originator", String, primary_key=True),
    Column("case_id", LargeBinary, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("limit_at", Integer, primary_key=True),
    Column("percent", Integer, nullable=False),
)
"""Of which limits members were reminded, and how far those had gone: nobody is told the same again after a restart."""
