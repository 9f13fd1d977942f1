"""the log is append-only, and says which releases it serves

The database itself refuses to change or remove what the logs commit to; what erasure and pruning empty may become empty
and nothing else. `schema_range` tells a release whether it can serve. `log_batches.first` need not be written any more:
it is where the batch before ended.

Expands: the release before this one goes on serving. New triggers refuse only what no release does.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
kind = "expand"

# Each batch begins with these rows: nothing else is held by a writer that waits for them, so nothing can deadlock.
_WAIT_FOR_THE_BATCH = "LOCK TABLE log_heads IN EXCLUSIVE MODE"

_NEVER_CHANGED = ("log_leaves", "log_nodes", "log_batches", "acks", "equivocations")
_PARTLY_EMPTIED = ("log_heads", "openings", "envelopes", "deliveries")
_FUNCTION = """
CREATE FUNCTION comity_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only'
    USING ERRCODE = 'insufficient_privilege', DETAIL = TG_OP || ' on ' || TG_TABLE_NAME || ' by ' || session_user;
END $$
"""
_HEAD = (
    "NEW.log <> OLD.log OR NEW.size < OLD.size OR NEW.time_seconds < OLD.time_seconds OR NEW.fence < OLD.fence"
    " OR (NEW.size = OLD.size AND (NEW.root <> OLD.root OR NEW.frontier <> OLD.frontier))"
)
_FIXED = {
    "openings": "idx, batch_size, path",
    "envelopes": "idx, message_hash, sender_agency, envelope_id, family, verb, opening, time_seconds, deliver_by",
    "deliveries": "desk, idx, number, kind, salt, message_hash",
}
_ERASED = {
    "openings": ("salt", "event"),
    "envelopes": ("header", "seal", "signatures", "ciphertext"),
    "deliveries": ("wrap",),
}
_PRUNED = {"sender": "''", "recipients": "''", "case_id": "{empty}", "author": "{empty}", "author_member": "''"}


# On SQLite what replaces a row removes the other without the trigger for that: by any of these it could be found.
_ONCE = {
    "log_heads": ("log",),
    "log_leaves": ("log, idx",),
    "log_nodes": ("log, level, idx",),
    "log_batches": ("log, size",),
    "openings": ("idx",),
    "envelopes": ("idx", "message_hash", "sender_agency, envelope_id"),
    "deliveries": ("desk, idx", "rowid"),
    "acks": ("idx", "message_hash, desk, state"),
    "equivocations": ("sender_agency, envelope_id, other_hash",),
}


def _is_there(table: str) -> str:
    found = []
    for columns in _ONCE[table]:
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns.split(", "))
        # -1 is what a row that asks for no number has before it got one.
        given = "NEW.rowid <> -1 AND " if columns == "rowid" else ""
        found.append(f"({given}EXISTS (SELECT 1 FROM {table} WHERE {same}))")
    return " OR ".join(found)


def _differs(columns: str) -> str:
    # A column that is the row's number has other names too, so it does not do to ask which columns are set.
    names = [*columns.split(", "), "rowid"]
    return " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in names)


def _becomes_something(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"(NEW.{c} IS NOT NULL AND NEW.{c} {differs} OLD.{c})" for c in columns)


def _becomes_other(empty: str) -> str:
    return " OR ".join(f"NEW.{c} NOT IN ({value.format(empty=empty)}, OLD.{c})" for c, value in _PRUNED.items())


def _postgres() -> list[str]:
    refuse = "EXECUTE FUNCTION comity_refuse()"
    return [
        _FUNCTION,
        *(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
            for table in _NEVER_CHANGED
        ),
        *(
            f"CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
            for table in _PARTLY_EMPTIED
        ),
        f"CREATE TRIGGER only_grows BEFORE UPDATE ON log_heads FOR EACH ROW WHEN ({_HEAD}) {refuse}",
        *(
            f"CREATE TRIGGER fixed BEFORE UPDATE OF {columns} ON {table} FOR EACH STATEMENT {refuse}"
            for table, columns in _FIXED.items()
        ),
        *(
            f"CREATE TRIGGER only_erased BEFORE UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW"
            f" WHEN ({_becomes_something(columns, 'IS DISTINCT FROM')}) {refuse}"
            for table, columns in _ERASED.items()
        ),
        f"CREATE TRIGGER only_pruned BEFORE UPDATE OF {', '.join(_PRUNED)} ON envelopes FOR EACH ROW"
        f" WHEN ({_becomes_other(chr(39) * 2)}) {refuse}",
    ]


def _sqlite() -> list[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
    return [
        *(f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table} {refuse}" for table in _NEVER_CHANGED),
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE DELETE ON {table} {refuse}"
            for table in _NEVER_CHANGED + _PARTLY_EMPTIED
        ),
        f"CREATE TRIGGER log_heads_only_grows BEFORE UPDATE ON log_heads WHEN {_HEAD} {refuse}",
        *(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} WHEN {_differs(columns)} {refuse}"
            for table, columns in _FIXED.items()
        ),
        *(f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN {_is_there(table)} {refuse}" for table in _ONCE),
        *(
            f"CREATE TRIGGER {table}_only_erased BEFORE UPDATE OF {', '.join(columns)} ON {table}"
            f" WHEN {_becomes_something(columns, 'IS NOT')} {refuse}"
            for table, columns in _ERASED.items()
        ),
        f"CREATE TRIGGER envelopes_only_pruned BEFORE UPDATE OF {', '.join(_PRUNED)} ON envelopes"
        f" WHEN {_becomes_other('x' + chr(39) * 2)} {refuse}",
    ]


def _triggers_postgres() -> list[tuple[str, str]]:
    return [
        *((table, "append_only") for table in _NEVER_CHANGED + _PARTLY_EMPTIED),
        ("log_heads", "only_grows"),
        *((table, "fixed") for table in _FIXED),
        *((table, "only_erased") for table in _ERASED),
        ("envelopes", "only_pruned"),
    ]


def upgrade() -> None:
    """Goes forward."""
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(_WAIT_FOR_THE_BATCH)
        op.alter_column("log_batches", "first", nullable=True)
    else:
        _rebuild_batches(required=False)
    op.create_table(
        "schema_range",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False, comment="1"),
        sa.Column(
            "oldest",
            sa.SmallInteger(),
            nullable=False,
            comment="a release must know at least this revision to serve",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_schema_range_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_range")),
        comment="One row: which releases can serve this schema. Set by migrations alone.",
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO schema_range (id, oldest) VALUES (1, 1)")
    for statement in _postgres() if postgres else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Goes back."""
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(_WAIT_FOR_THE_BATCH)
        for table, name in _triggers_postgres():
            statement = f"DROP TRIGGER {name} ON {table}"
            op.execute(statement)
        op.execute("DROP FUNCTION comity_refuse()")
    else:
        for created in _sqlite():
            statement = f"DROP TRIGGER {created.split()[2]}"
            op.execute(statement)
    op.drop_table("schema_range")
    # What was left out since is where the batch before ended.
    op.execute(
        "UPDATE log_batches SET first = COALESCE((SELECT max(b.size) FROM log_batches AS b"
        " WHERE b.log = log_batches.log AND b.size < log_batches.size), 0) WHERE first IS NULL"
    )
    if postgres:
        op.alter_column("log_batches", "first", nullable=False)
    else:
        _rebuild_batches(required=True)


def _rebuild_batches(*, required: bool) -> None:
    """SQLite changes no column in place: the rows go into a new table under the old name."""
    op.create_table(
        "log_batches_new",
        sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=not required),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("time_seconds", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_log_batches")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO log_batches_new (log, size, first, root, time_seconds, key)"
        " SELECT log, size, first, root, time_seconds, key FROM log_batches"
    )
    op.drop_table("log_batches")
    op.rename_table("log_batches_new", "log_batches")
