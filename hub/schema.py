"""Every table of the hub, and what a serving process may do to each. The newest migration creates exactly these tables.

Rows that the log commits to are written once and never changed, but for erasure. Hashes, ids and keys are bytes; times
are Unix milliseconds UTC unless the name says seconds; `idx` is an index in the exchange log, from 0.

Never does: SQL of its own.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite keeps a table in the order of a single INTEGER key, and of no other type's.
_ROW = BigInteger().with_variant(Integer(), "sqlite")

schema_range = Table(
    "schema_range",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="1"),
    Column("oldest", SmallInteger, nullable=False, comment="a release must know at least this revision to serve"),
    CheckConstraint("id = 1", "one"),
    comment="One row: which releases can serve this schema. Set by migrations alone.",
    sqlite_with_rowid=False,
)

log_heads = Table(
    "log_heads",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False, comment="comity.merkle.Frontier.to_bytes"),
    Column("time_seconds", BigInteger, nullable=False, comment="of the last leaf; never decreases"),
    Column("fence", BigInteger, nullable=False, comment="changed by promote and restore only"),
    CheckConstraint("size >= 0", "size"),
    comment="One row a log: 1 directory, 2 exchange. Locked for the length of each batch.",
    sqlite_with_rowid=False,
)

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False, comment="as it was hashed"),
    Column("leaf_hash", LargeBinary, nullable=False, comment="level 0 of the tiles"),
    sqlite_with_rowid=False,
)

log_nodes = Table(
    "log_nodes",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False, comment="tile level, from 1"),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

log_batches = Table(
    "log_batches",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False, comment="of the log after the batch"),
    Column("root", LargeBinary, nullable=False),
    Column("time_seconds", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False, comment="public log key its checkpoint is signed with"),
    comment="All that a batch's checkpoint is a function of.",
    sqlite_with_rowid=False,
)

openings = Table(
    "openings",
    metadata,
    Column("idx", _ROW, primary_key=True, autoincrement=False),
    Column("batch_size", BigInteger, nullable=False, comment="size of the log after its batch"),
    Column("path", LargeBinary, nullable=False, comment="inclusion path in that tree, 32 bytes each"),
    Column("salt", LargeBinary, comment="NULL once erased"),
    Column("event", LargeBinary, comment="NULL once erased"),
    comment="What the leaves of the exchange log commit to, for the parties of each.",
)

envelopes = Table(
    "envelopes",
    metadata,
    Column("idx", _ROW, primary_key=True, autoincrement=False, comment="its leaf"),
    Column("message_hash", LargeBinary, nullable=False),
    Column("sender_agency", Text, nullable=False),
    Column("envelope_id", LargeBinary, nullable=False),
    Column("sender", Text, nullable=False, comment="desk; empty once pruned"),
    Column("recipients", Text, nullable=False, comment="desks, separated by line feeds; empty once pruned"),
    Column("case_id", LargeBinary, nullable=False),
    Column("family", SmallInteger, nullable=False),
    Column("verb", SmallInteger, nullable=False),
    Column("opening", Boolean, nullable=False, comment="it opened its legs"),
    Column("author", LargeBinary, nullable=False, comment="key id"),
    Column("author_member", Text, nullable=False),
    Column("time_seconds", BigInteger, nullable=False, comment="of its leaf"),
    Column("deliver_by", BigInteger, nullable=False),
    Column("state", SmallInteger, nullable=False, comment="1 live, 2 withdrawn, 3 expired, 4 erased, 5 pruned"),
    Column("unstored", SmallInteger, nullable=False, comment="recipients whose STORED is awaited"),
    Column("due", BigInteger, comment="when its own clock does something; NULL for never again"),
    Column("header", LargeBinary, comment="NULL once erased, like all that follows"),
    Column("seal", LargeBinary),
    Column("signatures", LargeBinary, comment="key id, role, signature: 97 bytes each"),
    Column("ciphertext", LargeBinary, comment="NULL once withdrawn"),
    UniqueConstraint("message_hash"),
    UniqueConstraint("sender_agency", "envelope_id"),
    CheckConstraint("state BETWEEN 1 AND 5", "state"),
    CheckConstraint("unstored >= 0", "unstored"),
)
Index("ix_envelopes_due", envelopes.c.due)

deliveries = Table(
    "deliveries",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, comment="the desk's own, from 1, without gaps"),
    Column("kind", SmallInteger, nullable=False, comment="comity.receipts.EventKind"),
    Column("salt", LargeBinary, nullable=False, comment="opens the desk's entry in Event.deliveries"),
    Column("message_hash", LargeBinary, nullable=False, comment="empty where the event is about no envelope"),
    Column("wrap", LargeBinary, comment="of a submitted envelope; NULL once withdrawn, expired or erased"),
    CheckConstraint("number > 0", "number"),
    comment="The feed of each desk.",
)

desk_counters = Table(
    "desk_counters",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

acks = Table(
    "acks",
    metadata,
    Column("idx", _ROW, primary_key=True, autoincrement=False, comment="its leaf"),
    Column("message_hash", LargeBinary, nullable=False),
    Column("desk", Text, nullable=False),
    Column("state", SmallInteger, nullable=False, comment="comity.receipts.AckState"),
    Column("body", LargeBinary, nullable=False),
    Column("sig", LargeBinary, nullable=False),
    UniqueConstraint("message_hash", "desk", "state"),
)

equivocations = Table(
    "equivocations",
    metadata,
    Column("sender_agency", Text, primary_key=True),
    Column("envelope_id", LargeBinary, primary_key=True),
    Column("other_hash", LargeBinary, primary_key=True),
    Column("idx", BigInteger, nullable=False, comment="leaf of the EQUIVOCATION event"),
    sqlite_with_rowid=False,
)

legs = Table(
    "legs",
    metadata,
    Column("originator", Text, primary_key=True),
    Column("case_id", LargeBinary, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("family", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("deliver_by", BigInteger, nullable=False),
    Column("question", LargeBinary, nullable=False),
    Column("respond_by", BigInteger),
    Column("awaiting", Text),
    Column("overdue_logged", Boolean, nullable=False),
    Column("recall", LargeBinary, nullable=False),
    Column("recall_respond_by", BigInteger),
    Column("recall_overdue_logged", Boolean, nullable=False),
    Column("lapses_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("resume_state", Text),
    Column("next_limit", BigInteger, comment="when a clock will do something; NULL for never"),
    Column("finished_at", BigInteger, comment="when it reached a state that nothing but a recall leaves"),
    # The releases before 0005 leave these out, and are right to: what they carry is full and never forwarded.
    Column(
        "standing", SmallInteger, nullable=False, server_default=text("0"), comment="comity.workflow.terms.Standing"
    ),
    Column(
        "forwarded",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="a grant over one of its envelopes was used",
    ),
    Column("onward", LargeBinary, comment="of an onward leg: hash of the FORWARD that made it"),
    CheckConstraint("revision > 0", "revision"),
    sqlite_with_rowid=False,
)
Index("ix_legs_next_limit", legs.c.next_limit)
Index(
    "ix_legs_onward",
    legs.c.onward,
    sqlite_where=legs.c.onward.is_not(None),
    postgresql_where=legs.c.onward.is_not(None),
)

grants = Table(
    "grants",
    metadata,
    Column("message_hash", LargeBinary, primary_key=True, comment="of the GRANT_ONWARD: the grant is its header"),
    Column("used_by", LargeBinary, comment="hash of the FORWARD that used it"),
    Column("revoked_by", LargeBinary, comment="hash of the REVOKE_GRANT that took it back"),
    Column("idx", BigInteger, nullable=False, comment="leaf of the GRANT_USED or GRANT_REVOKED event"),
    Column("original_hash", LargeBinary, comment="of a used one: the envelope that was passed on"),
    Column("desk", Text, comment="of a used one: the desk that it was passed on to"),
    CheckConstraint("(used_by IS NULL) <> (revoked_by IS NULL)", "once"),
    CheckConstraint("(used_by IS NULL) = (original_hash IS NULL) AND (used_by IS NULL) = (desk IS NULL)", "passed"),
    comment="Onward grants that cannot be used any more: each has one use. Goes when its GRANT_ONWARD is pruned.",
    sqlite_with_rowid=False,
)

Index(
    "ix_grants_original_hash",
    grants.c.original_hash,
    sqlite_where=grants.c.original_hash.is_not(None),
    postgresql_where=grants.c.original_hash.is_not(None),
)

recalls = Table(
    "recalls",
    metadata,
    Column("message_hash", LargeBinary, primary_key=True, comment="of what was recalled"),
    Column("desk", Text, primary_key=True, comment="of which it was recalled"),
    Column("idx", BigInteger, nullable=False, comment="leaf of the first RECALL that named it"),
    comment="What was recalled: no grant over it can be used any more. Goes when what was recalled is pruned.",
    sqlite_with_rowid=False,
)

watchlist_batches = Table(
    "watchlist_batches",
    metadata,
    Column("owner", Text, primary_key=True, comment="desk"),
    Column("list_id", LargeBinary, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("previous_head", LargeBinary, nullable=False, comment="empty at sequence 1"),
    Column("head", LargeBinary, nullable=False),
    Column("idx", BigInteger, nullable=False, comment="leaf of the first envelope that showed it"),
    CheckConstraint("sequence > 0", "sequence"),
    comment="Which head each list was shown at which sequence; the last 4,096 sequence numbers of each.",
    sqlite_with_rowid=False,
)

watchlist_legs = Table(
    "watchlist_legs",
    metadata,
    Column("originator", Text, primary_key=True),
    Column("case_id", LargeBinary, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("list_id", LargeBinary, nullable=False),
    comment="Which list a subscription carries, from its first batch on; goes with its leg.",
    sqlite_with_rowid=False,
)

blobs = Table(
    "blobs",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("nonce", LargeBinary, nullable=False, comment="in the names of its objects; never used again"),
    Column("desk", Text, nullable=False, comment="that announced it; once complete, that uploaded it"),
    Column("length", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False, comment="bytes that are durable"),
    Column("parts", Integer, nullable=False, comment="objects that hold them until it is complete"),
    Column("complete", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False, comment="or last moved on"),
    CheckConstraint('0 <= "offset" AND "offset" <= length', "offset"),
    sqlite_with_rowid=False,
)

blob_totals = Table(
    "blob_totals",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("stored_bytes", BigInteger, nullable=False, comment="sum of its blobs.length"),
    Column("stored", BigInteger, nullable=False, comment="number of its blobs"),
    Column("unfinished", BigInteger, nullable=False, comment="of these, not complete"),
    CheckConstraint("stored_bytes >= 0 AND 0 <= unfinished AND unfinished <= stored", "sums"),
    comment="One row an agency, locked before any of its blobs is added, completed or removed.",
    sqlite_with_rowid=False,
)

envelope_blobs = Table(
    "envelope_blobs",
    metadata,
    Column("message_hash", LargeBinary, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("agency", Text, nullable=False, comment="whose upload it is"),
    sqlite_with_rowid=False,
)
Index("ix_envelope_blobs_sha256", envelope_blobs.c.sha256)

_ADD: Final = ("SELECT", "INSERT")
SERVING_PRIVILEGES: Final[dict[str, tuple[str, ...]]] = {
    "alembic_version": ("SELECT",),
    "schema_range": ("SELECT",),
    "log_heads": ("SELECT", "UPDATE (size, root, frontier, time_seconds)"),
    "log_leaves": _ADD,
    "log_nodes": _ADD,
    "log_batches": _ADD,
    "openings": (*_ADD, "UPDATE (salt, event)"),
    "envelopes": (
        *_ADD,
        "UPDATE (state, unstored, due, header, seal, signatures, ciphertext)",
        "UPDATE (sender, recipients, case_id, author, author_member)",
    ),
    "deliveries": (*_ADD, "UPDATE (wrap)"),
    "acks": _ADD,
    "equivocations": _ADD,
    "desk_counters": (*_ADD, "UPDATE (last_number)"),
    "legs": (*_ADD, "UPDATE", "DELETE"),
    "watchlist_batches": (*_ADD, "DELETE"),
    "watchlist_legs": (*_ADD, "DELETE"),
    "grants": (*_ADD, "DELETE"),
    "recalls": (*_ADD, "DELETE"),
    "blobs": (*_ADD, "UPDATE", "DELETE"),
    "blob_totals": (*_ADD, "UPDATE"),
    "envelope_blobs": (*_ADD, "DELETE"),
}
"""What the role of a serving process needs on PostgreSQL, table by table: nothing that is logged can be taken back.

What may be updated is what erasure and pruning empty, and what is no part of the log. `fence` is not among it. Of a
list's batches a trigger lets only old ones go, of the grants only those whose GRANT_ONWARD is pruned, of the recalls
only those of what is pruned.
"""
