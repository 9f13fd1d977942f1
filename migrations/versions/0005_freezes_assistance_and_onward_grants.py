"""freezes, assistance and onward grants: how full a leg stands, what was passed on, which grants are spent

Three columns of the legs, with defaults that are right for all that was carried before, and two new tables: the grants
that are spent, and what was recalled, which no grant passes on any more.

Expands: the releases before this one go on serving, and write legs without these columns. They carry neither freezes
nor assistance, use no grants, and leave legs alone whose states they do not know.

Going back is refused where any of it was used: without its columns a provisional freeze would become a full one.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
kind = "expand"

_ONWARD = sa.text("onward IS NOT NULL")
_PASSED = sa.text("original_hash IS NOT NULL")
_USED = (
    "SELECT (SELECT count(*) FROM grants)"
    " + (SELECT count(*) FROM legs WHERE family IN (3, 4) OR forwarded OR onward IS NOT NULL)"
)

_FUNCTION = """
CREATE FUNCTION comity_refuse_unpruned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM envelopes AS e WHERE e.message_hash = OLD.message_hash AND e.state = 5) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the log is append-only'
    USING ERRCODE = 'insufficient_privilege', DETAIL = TG_OP || ' on ' || TG_TABLE_NAME || ' by ' || session_user;
END $$
"""
_POSTGRES = (
    _FUNCTION,
    "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON grants"
    " FOR EACH STATEMENT EXECUTE FUNCTION comity_refuse()",
    "CREATE TRIGGER only_pruned BEFORE DELETE ON grants FOR EACH ROW EXECUTE FUNCTION comity_refuse_unpruned()",
    "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON recalls"
    " FOR EACH STATEMENT EXECUTE FUNCTION comity_refuse()",
    "CREATE TRIGGER only_pruned BEFORE DELETE ON recalls FOR EACH ROW EXECUTE FUNCTION comity_refuse_unpruned()",
)
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
_SQLITE = (
    f"CREATE TRIGGER grants_never_changed BEFORE UPDATE ON grants {_REFUSE}",
    "CREATE TRIGGER grants_only_pruned BEFORE DELETE ON grants WHEN NOT EXISTS"
    " (SELECT 1 FROM envelopes AS e WHERE e.message_hash = OLD.message_hash"
    f" AND e.state = 5) {_REFUSE}",
    "CREATE TRIGGER grants_once BEFORE INSERT ON grants WHEN EXISTS"
    " (SELECT 1 FROM grants AS n"
    f" WHERE n.message_hash = NEW.message_hash) {_REFUSE}",
    f"CREATE TRIGGER recalls_never_changed BEFORE UPDATE ON recalls {_REFUSE}",
    "CREATE TRIGGER recalls_only_pruned BEFORE DELETE ON recalls WHEN NOT EXISTS"
    " (SELECT 1 FROM envelopes AS e WHERE e.message_hash = OLD.message_hash"
    f" AND e.state = 5) {_REFUSE}",
    "CREATE TRIGGER recalls_once BEFORE INSERT ON recalls WHEN EXISTS"
    " (SELECT 1 FROM recalls AS n"
    f" WHERE n.message_hash = NEW.message_hash AND n.desk = NEW.desk) {_REFUSE}",
)


def upgrade() -> None:
    """Goes forward."""
    _wait_for_batches()
    op.add_column(
        "legs",
        sa.Column(
            "standing",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="comity.workflow.terms.Standing",
        ),
    )
    op.add_column(
        "legs",
        sa.Column(
            "forwarded",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="a grant over one of its envelopes was used",
        ),
    )
    op.add_column(
        "legs",
        sa.Column(
            "onward", sa.LargeBinary(), nullable=True, comment="of an onward leg: hash of the FORWARD that made it"
        ),
    )
    op.create_index("ix_legs_onward", "legs", ["onward"], sqlite_where=_ONWARD, postgresql_where=_ONWARD)
    op.create_table(
        "grants",
        sa.Column(
            "message_hash", sa.LargeBinary(), nullable=False, comment="of the GRANT_ONWARD: the grant is its header"
        ),
        sa.Column("used_by", sa.LargeBinary(), nullable=True, comment="hash of the FORWARD that used it"),
        sa.Column("revoked_by", sa.LargeBinary(), nullable=True, comment="hash of the REVOKE_GRANT that took it back"),
        sa.Column("idx", sa.BigInteger(), nullable=False, comment="leaf of the GRANT_USED or GRANT_REVOKED event"),
        sa.Column(
            "original_hash", sa.LargeBinary(), nullable=True, comment="of a used one: the envelope that was passed on"
        ),
        sa.Column("desk", sa.Text(), nullable=True, comment="of a used one: the desk that it was passed on to"),
        sa.CheckConstraint("(used_by IS NULL) <> (revoked_by IS NULL)", name=op.f("ck_grants_once")),
        sa.CheckConstraint(
            "(used_by IS NULL) = (original_hash IS NULL) AND (used_by IS NULL) = (desk IS NULL)",
            name=op.f("ck_grants_passed"),
        ),
        sa.PrimaryKeyConstraint("message_hash", name=op.f("pk_grants")),
        comment="Onward grants that cannot be used any more: each has one use. Goes when its GRANT_ONWARD is pruned.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_grants_original_hash", "grants", ["original_hash"], sqlite_where=_PASSED, postgresql_where=_PASSED
    )
    op.create_table(
        "recalls",
        sa.Column("message_hash", sa.LargeBinary(), nullable=False, comment="of what was recalled"),
        sa.Column("desk", sa.Text(), nullable=False, comment="of which it was recalled"),
        sa.Column("idx", sa.BigInteger(), nullable=False, comment="leaf of the first RECALL that named it"),
        sa.PrimaryKeyConstraint("message_hash", "desk", name=op.f("pk_recalls")),
        comment="What was recalled: no grant over it can be used any more. Goes when what was recalled is pruned.",
        sqlite_with_rowid=False,
    )
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Goes back, where nothing was carried that the schema before has no place for.

    Raises:
        RuntimeError: something was.
    """
    _wait_for_batches()
    if op.get_bind().exec_driver_sql(_USED).scalar_one():
        raise RuntimeError("freezes, assistance or onward grants were carried: there is no way back")
    op.drop_table("recalls")
    op.drop_table("grants")
    op.drop_index("ix_legs_onward", "legs")
    for column in ("onward", "forwarded", "standing"):
        op.drop_column("legs", column)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION comity_refuse_unpruned()")


def _wait_for_batches() -> None:
    """Waits its turn: each batch begins with these rows, so a writer that waits for them holds nothing of the legs."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("LOCK TABLE log_heads IN EXCLUSIVE MODE")
