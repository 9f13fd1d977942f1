"""watchlists: which head was shown at which sequence

Two new tables. What envelopes that are not erased say of lists is filled in: nothing where the release before served,
which carries no watchlists; all that was there where somebody went back to it and comes again.

Expands: the releases before this one go on serving. They neither read nor write these tables.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from comity.v1 import envelope_pb2

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
kind = "expand"

_WINDOW = 4096
_BATCHES = sa.table(
    "watchlist_batches",
    sa.column("owner", sa.Text),
    sa.column("list_id", sa.LargeBinary),
    sa.column("sequence", sa.BigInteger),
    sa.column("previous_head", sa.LargeBinary),
    sa.column("head", sa.LargeBinary),
    sa.column("idx", sa.BigInteger),
)
_LEGS = sa.table(
    "watchlist_legs",
    sa.column("originator", sa.Text),
    sa.column("case_id", sa.LargeBinary),
    sa.column("recipient", sa.Text),
    sa.column("list_id", sa.LargeBinary),
)
# Family 2, verbs PUBLISH and SNAPSHOT: what stands in a list.
_SHOWN = (
    "SELECT idx, sender, recipients, case_id, header FROM envelopes"
    " WHERE family = 2 AND verb IN (33, 34) AND header IS NOT NULL ORDER BY idx"
)

_FUNCTION = """
CREATE FUNCTION comity_refuse_recent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM watchlist_batches AS n WHERE n.owner = OLD.owner AND n.list_id = OLD.list_id
             AND n.sequence >= OLD.sequence + 4096) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the log is append-only'
    USING ERRCODE = 'insufficient_privilege', DETAIL = TG_OP || ' on ' || TG_TABLE_NAME || ' by ' || session_user;
END $$
"""
_POSTGRES = (
    _FUNCTION,
    "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON watchlist_batches"
    " FOR EACH STATEMENT EXECUTE FUNCTION comity_refuse()",
    "CREATE TRIGGER only_old BEFORE DELETE ON watchlist_batches FOR EACH ROW EXECUTE FUNCTION comity_refuse_recent()",
    "CREATE TRIGGER never_changed BEFORE UPDATE ON watchlist_legs FOR EACH STATEMENT EXECUTE FUNCTION comity_refuse()",
)
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
_SQLITE = (
    f"CREATE TRIGGER watchlist_batches_never_changed BEFORE UPDATE ON watchlist_batches {_REFUSE}",
    "CREATE TRIGGER watchlist_batches_only_old BEFORE DELETE ON watchlist_batches WHEN NOT EXISTS"
    " (SELECT 1 FROM watchlist_batches AS n WHERE n.owner = OLD.owner AND n.list_id = OLD.list_id"
    f" AND n.sequence >= OLD.sequence + 4096) {_REFUSE}",
    "CREATE TRIGGER watchlist_batches_once BEFORE INSERT ON watchlist_batches WHEN EXISTS"
    " (SELECT 1 FROM watchlist_batches AS n WHERE n.owner = NEW.owner AND n.list_id = NEW.list_id"
    f" AND n.sequence = NEW.sequence) {_REFUSE}",
    f"CREATE TRIGGER watchlist_legs_never_changed BEFORE UPDATE ON watchlist_legs {_REFUSE}",
    "CREATE TRIGGER watchlist_legs_once BEFORE INSERT ON watchlist_legs WHEN EXISTS"
    " (SELECT 1 FROM watchlist_legs AS n WHERE n.originator = NEW.originator AND n.case_id = NEW.case_id"
    f" AND n.recipient = NEW.recipient) {_REFUSE}",
)


def upgrade() -> None:
    """Goes forward."""
    op.create_table(
        "watchlist_batches",
        sa.Column("owner", sa.Text(), nullable=False, comment="desk"),
        sa.Column("list_id", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_head", sa.LargeBinary(), nullable=False, comment="empty at sequence 1"),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False, comment="leaf of the first envelope that showed it"),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_watchlist_batches_sequence")),
        sa.PrimaryKeyConstraint("owner", "list_id", "sequence", name=op.f("pk_watchlist_batches")),
        comment="Which head each list was shown at which sequence; the last 4,096 sequence numbers of each.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watchlist_legs",
        sa.Column("originator", sa.Text(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("list_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("originator", "case_id", "recipient", name=op.f("pk_watchlist_legs")),
        comment="Which list a subscription carries, from its first batch on; goes with its leg.",
        sqlite_with_rowid=False,
    )
    _fill()
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Goes back. What these tables held can be told from the envelopes until those are erased."""
    op.drop_table("watchlist_legs")
    op.drop_table("watchlist_batches")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION comity_refuse_recent()")


def _fill() -> None:
    batches: dict[tuple[str, bytes], dict[int, dict[str, Any]]] = {}
    legs: dict[tuple[str, bytes, str], bytes] = {}
    for idx, sender, recipients, case_id, place in _shown():
        known = batches.setdefault((sender, place.list_id), {})  # ascending
        if place.sequence > next(reversed(known), 0):
            known[place.sequence] = {"previous_head": place.previous_head, "head": place.head, "idx": idx}
            while next(iter(known)) <= place.sequence - _WINDOW:
                del known[next(iter(known))]
        for desk in recipients.splitlines():
            if desk != sender:
                legs.setdefault((sender, case_id, desk), place.list_id)
    if not batches:
        return
    op.bulk_insert(
        _BATCHES,
        [
            {"owner": owner, "list_id": list_id, "sequence": sequence, **shown}
            for (owner, list_id), known in batches.items()
            for sequence, shown in known.items()
        ],
    )
    op.bulk_insert(
        _LEGS,
        [
            {"originator": originator, "case_id": case_id, "recipient": recipient, "list_id": list_id}
            for (originator, case_id, recipient), list_id in legs.items()
        ],
    )


def _shown() -> Iterator[tuple[int, str, str, bytes, Any]]:
    """Yields (leaf, owner, recipients, case, place in its list), as the log has them."""
    for idx, sender, recipients, case_id, header in op.get_bind().exec_driver_sql(_SHOWN):
        yield idx, sender, recipients, bytes(case_id), envelope_pb2.Header.FromString(bytes(header)).watchlist
